"""Billing data from the simulator: every invoice in, proven by its total; each fault of an export gone through."""

from typing import Any

import pytest

from local.partner_center.faults import Fault, FaultKind
from shared.application.invoice_totals import invoice_totals, reads_by_invoice
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportKind
from shared.domain.source_files import check_control_totals
from shared.storage.repositories.deliveries import DeliveryState
from shared.storage.repositories.terms import TermsKind

Desk = Any  # what the conftest's fixture gives
OCTOBER, NOVEMBER = BillingPeriod(2026, 10), BillingPeriod(2026, 11)


def states(desk: Desk, period: BillingPeriod) -> dict[str, DeliveryState]:
    """Return the state of each delivery of a month."""
    return {each.row: each.state for each in desk.services.deliveries.of_period(period)}


def test_the_month_comes_in_and_adds_up_to_microsofts_invoices(desk: Desk) -> None:
    """Each invoice to the cent; unbilled data of the running month beside; a second night writes nothing."""
    desk.night()
    invoices = desk.services.microsoft_invoices.all(OCTOBER)
    records = desk.services.sources.records(OCTOBER)
    reads = reads_by_invoice(desk.services, OCTOBER, records)
    issues = check_control_totals(reads, invoice_totals(desk.services, OCTOBER))

    assert len(invoices) > 0
    assert [str(issue) for issue in issues] == []
    assert {state for row, state in states(desk, OCTOBER).items() if row.startswith("reconciliation-billed")} == {
        DeliveryState.COMPLETE
    }
    assert DeliveryState.COMPLETE in states(desk, NOVEMBER).values()
    assert DeliveryState.FAILED not in {**states(desk, OCTOBER), **states(desk, NOVEMBER)}.values()
    assert not [record.refused_for for record in records if record.refused_for]
    assert desk.services.terms.in_force(TermsKind.PRICE_SHEET, NOVEMBER) is not None
    assert desk.services.terms.in_force(TermsKind.EXCHANGE_RATES, NOVEMBER) is not None
    assert desk.services.terms.own_name(TermsKind.PRICE_SHEET, OCTOBER)
    assert desk.services.terms.own_name(TermsKind.EXCHANGE_RATES, OCTOBER)
    before = desk.rows()
    desk.night()
    assert before == desk.rows()


@pytest.mark.parametrize(
    ("kind", "path", "times"),
    [
        (FaultKind.PART_TRUNCATED, "", 3),
        (FaultKind.SAS_REFUSED, "", 2),
        (FaultKind.EXPORT_EXPIRED, "", 2),
        (FaultKind.EXPORT_FAILED, "", 1),
        (FaultKind.THROTTLED, "billing", 4),
        (FaultKind.SERVER_ERROR, "billing", 4),
        (FaultKind.TIMEOUT_BEFORE_COMMIT, "billing", 2),
        (FaultKind.TIMEOUT_AFTER_COMMIT, "export", 2),
    ],
)
def test_every_fault_of_an_export_is_gone_through(desk: Desk, kind: FaultKind, path: str, times: int) -> None:
    """The night, or the one after, has everything; nothing counts twice or in part."""
    value = {FaultKind.THROTTLED: 30.0, FaultKind.SERVER_ERROR: 503.0}.get(kind, 0.0)
    desk.simulator.fault(Fault(kind=kind, path=path, times=times, value=value))
    desk.night()
    desk.night()
    reads = reads_by_invoice(desk.services, OCTOBER, desk.services.sources.records(OCTOBER))
    issues = check_control_totals(reads, invoice_totals(desk.services, OCTOBER))

    assert [str(issue) for issue in issues] == []
    billed = [
        each for each in desk.services.deliveries.of_period(OCTOBER) if each.kind == ExportKind.BILLED_RECONCILIATION
    ]
    assert {each.state for each in billed} == {DeliveryState.COMPLETE}
    assert desk.simulator.world.faults.faults == [] or all(each.struck for each in desk.simulator.world.faults.faults)
