"""Billing sync: which invoices and lines are asked for, and the proof that Microsoft's invoices are complete."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS
from local.made_exports import licence_part
from shared.application.billing_sync import ASKED_A_NIGHT_MAX, billing_currencies, work_off_billing
from shared.application.delivery_views import microsoft_invoice_view
from shared.application.messages import DeliveryMessage
from shared.application.runs import approve_run, start_run
from shared.domain.errors import InvalidError, StateError
from shared.domain.issues import IssueCode
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod, add_months
from shared.domain.snapshots.deliveries import ExportKind
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.repositories.deliveries import DeliveryState

Desk = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
ADATUM, CONTOSO, _, TAILSPIN = FOUR_CUSTOMERS
RECON = ExportKind.BILLED_RECONCILIATION
LICENCE_LINE = {
    "partnerId": "p-1",
    "customerId": ADATUM.customer_id,
    "customerName": "Adatum",
    "mpnId": 1,
    "tier2MpnId": 0,
    "orderId": "o-1",
    "subscriptionId": "s-1",
    "syndicationPartnerSubscriptionNumber": "s-1",
    "offerId": "CFQ7TTC0LH18",
    "durableOfferId": "CFQ7TTC0LH18",
    "offerName": "Plan",
    "subscriptionStartDate": "2026-10-01T00:00:00Z",
    "subscriptionEndDate": "2027-10-01T00:00:00Z",
    "chargeStartDate": "2026-10-01T00:00:00Z",
    "chargeEndDate": "2026-10-31T00:00:00Z",
    "chargeType": "Cycle fee",
    "unitPrice": 8.00,
    "quantity": 2,
    "amount": 16.00,
    "totalOtherDiscount": 0,
    "subtotal": 16.00,
    "tax": 1.61,
    "totalForCustomer": 17.61,
    "currency": "EUR",
    "domainName": "adatum.example",
    "subscriptionName": "Plan",
    "subscriptionDescription": "Plan",
    "billingCycleType": "Monthly",
    "attributes": {"objectType": "LicenseBasedLineItem"},
}


def invoice(number: str = "G000000001", total: str = "104", **other: Any) -> MicrosoftInvoice:
    """Return an invoice of October."""
    values: dict[str, Any] = {
        "id": number,
        "invoice_on": date(2026, 11, 8),
        "starts_on": date(2026, 10, 1),
        "ends_on": date(2026, 10, 31),
        "total": Decimal(total),
        "currency": "EUR",
    }
    return MicrosoftInvoice(**(values | other))


def in_month(month: date, number: int) -> MicrosoftInvoice:
    """Return the invoice of a month."""
    end = add_months(month, 1) - timedelta(days=1)
    return invoice(f"G{number:09d}", starts_on=month, ends_on=end, invoice_on=end + timedelta(days=8))


def asked(desk: Desk, call: str) -> list[str]:
    """Return what Microsoft was asked by a call."""
    return [each for each in desk.microsoft.asked if each.startswith(call)]


def run_issues(desk: Desk) -> list[tuple[IssueCode, bool, str]]:
    """Return code, whether it blocks, and subject of every issue of October's run."""
    run = desk.services.runs.need(RunKey(OCTOBER))
    return [(issue.code, issue.is_blocking, issue.subject) for issue in run.issues]


def test_the_history_before_the_connection_is_asked_for(desk: Desk) -> None:
    """Lines since September 2023, usage since September 2022, as far as Microsoft has them; bounded each night."""
    desk.at(2026, 11, 10)
    months = [add_months(date(2022, 7, 1), number) for number in range(52)]
    desk.microsoft.listed = [in_month(month, number) for number, month in enumerate(months)]
    desk.night()
    wanted = asked(desk, "request_export reconciliation/billed"), asked(desk, "request_export usage/billed")
    first_night = sum(map(len, wanted))

    assert min(88, ASKED_A_NIGHT_MAX) == first_night
    assert [38, 50] == [len(each) for each in wanted]
    assert "G000000001" not in {each.split()[-1] for each in wanted[1]}


def test_only_recent_invoices_are_looked_at_again(desk: Desk) -> None:
    """An older one that came in is never asked for again, nor one that has no usage."""
    desk.at(2026, 11, 10)
    desk.microsoft.listed = [in_month(date(2026, 8, 1), 8), in_month(date(2026, 10, 1), 10)]
    desk.night()
    desk.microsoft.asked.clear()
    desk.night()

    assert {"G000000010"} == {each.split()[-1] for each in asked(desk, "request_export") if "/billed" in each}


def test_an_invoice_whose_lines_do_not_add_up_blocks_the_run(desk: Desk) -> None:
    """To the cent, tax included; what Microsoft corrects makes the run ready for approval."""
    desk.at(2026, 11, 10)
    desk.microsoft.listed = [invoice(total="140.01")]
    desk.microsoft.offer(RECON, "G000000001", licence_part(str(OCTOBER), ADATUM, CONTOSO), etag="b1")
    desk.night()
    desk.bill()

    assert (IssueCode.CONTROL_TOTAL_DIFFERS, True, "G000000001") in run_issues(desk)
    desk.microsoft.listed = [invoice(total="104.00")]
    desk.night()
    with pytest.raises(StateError, match="changed since the run"):
        approve_run(desk.services, OCTOBER, "Ada")
    assert start_run(desk.services, OCTOBER)[1]
    desk.work()
    assert not [issue for issue in run_issues(desk) if issue[1]]
    assert IssueCode.CONTROL_TOTAL_ABSENT not in {code for code, *_ in run_issues(desk)}


def test_an_invoice_without_its_lines_blocks_the_run_unless_it_is_over_nothing(desk: Desk) -> None:
    """One of two invoices is not there yet; a void note of zero needs no lines."""
    desk.at(2026, 11, 10)
    void = invoice("G000000003", total="0", document_type="void_note", amends="G000000001")
    desk.microsoft.listed = [invoice(), invoice("G000000002", total="5"), void]
    desk.microsoft.offer(RECON, "G000000001", licence_part(str(OCTOBER), ADATUM, CONTOSO), etag="b1")
    desk.night()
    desk.bill()

    assert ["G000000002"] == [subject for _, is_blocking, subject in run_issues(desk) if is_blocking]
    shown = [microsoft_invoice_view(each) for each in desk.services.microsoft_invoices.all(OCTOBER)]
    assert [("G000000001", ""), ("G000000002", ""), ("G000000003", "G000000001")] == [
        (each["id"], each["amends"]) for each in shown
    ]


def test_a_legacy_invoice_comes_by_the_old_interface_and_is_proven_by_its_total(desk: Desk) -> None:
    """Its lines name no invoice; the delivery tells them. It is read once."""
    desk.at(2026, 11, 10)
    contents = ("office/billing_line_items", "azure/usage_line_items")
    desk.microsoft.listed = [invoice("D000000001", total="35.22", contents=contents)]
    line = json.dumps(LICENCE_LINE).encode()
    desk.microsoft.legacy["D000000001", "office/billing_line_items"] = [line, line]
    desk.night()
    desk.bill()
    delivery = desk.delivery("legacy-billed_D000000001")

    assert (delivery.state, delivery.row_count) == (DeliveryState.COMPLETE, 2)
    assert "Not read: azure/usage_line_items" in delivery.note
    assert run_issues(desk) == []
    desk.microsoft.asked.clear()
    desk.night()
    assert asked(desk, "legacy_lines") == []
    desk.microsoft.listed = [replace(desk.microsoft.listed[0], total=Decimal("35.23"))]
    desk.night()
    desk.bill()
    assert [(IssueCode.CONTROL_TOTAL_DIFFERS, True, "D000000001")] == run_issues(desk)


def test_currencies_are_learned_from_a_years_invoices(desk: Desk) -> None:
    """Those of the settings go before."""
    desk.microsoft.listed = [invoice(currency="SEK"), invoice("G2", currency="USD", invoice_on=date(2024, 1, 1))]
    desk.services.microsoft_invoices.keep_all(desk.microsoft.listed)

    assert billing_currencies(desk.services) == ("EUR",)
    assert billing_currencies(replace(desk.services, billing_currencies=())) == ("SEK",)


def test_the_first_night_asks_for_what_is_unbilled_in_the_currencies_it_learned(desk: Desk) -> None:
    """Whichever of the two pieces is worked off first."""
    desk.services = replace(desk.services, billing_currencies=())
    desk.microsoft.listed = [invoice(currency="SEK", invoice_on=date(2026, 10, 8))]
    desk.night()

    assert asked(desk, "request_export reconciliation/unbilled SEK current")


def test_an_unknown_step_is_refused(desk: Desk) -> None:
    """It can never be worked off."""
    with pytest.raises(InvalidError, match="no step"):
        work_off_billing(desk.services, DeliveryMessage(step="dance"))
