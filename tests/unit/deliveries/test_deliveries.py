"""Deliveries: asked for, waited for without waiting, taken in part by part, counting as a whole."""

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, cast

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, Licence, invoice_csv
from local.made_exports import Made, licence_part
from shared.application.billing_sync import sweep, sync_billing, work_off_billing
from shared.application.delivery_views import deliveries_view
from shared.application.ingest import accept_source_file
from shared.application.messages import DeliveryMessage
from shared.application.runs import approve_run, start_run
from shared.domain.errors import (
    ForgedError,
    InvalidError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    NotFoundError,
    StateError,
    ThrottledError,
)
from shared.domain.issues import IssueCode
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportFailed, ExportKind, Manifest
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.names import DELIVERIES_QUEUE
from shared.storage.repositories.deliveries import DeliveryState

Desk = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
ADATUM, CONTOSO, _, TAILSPIN = FOUR_CUSTOMERS
RECON, UNBILLED = ExportKind.BILLED_RECONCILIATION, ExportKind.UNBILLED_RECONCILIATION
BILLED_ROW, UNBILLED_ROW = "reconciliation-billed_G000000001", "reconciliation-unbilled_EUR"


class Renaming:
    """Microsoft naming the parts of each export anew; the second part cannot be opened the first time."""

    def __init__(self, made: Any) -> None:
        self._made, self.opened = made, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    def export_state(self, operation: str) -> Any:
        """Return the state; the parts are called by the export."""
        state = self._made.export_state(operation)
        if not isinstance(state, Manifest):
            return state
        return replace(state, parts=tuple(f"{state.id}-{name}" for name in state.parts))

    def open_part(self, manifest: Manifest, name: str) -> BinaryIO:
        """Open a part by the name that it has in this export."""
        self.opened.append(name)
        if len(self.opened) == 2:
            raise NotFoundError("the address expired (403)")
        stripped = replace(manifest, parts=tuple(each.partition("-")[2] for each in manifest.parts))
        return cast("BinaryIO", self._made.open_part(stripped, name.partition("-")[2]))


def part(*licences: Licence, number: str = "G000000001") -> bytes:
    """Return a part of October's reconciliation."""
    return licence_part(str(OCTOBER), *licences, number=number)


def invoice(number: str = "G000000001", total: str = "104", **other: Any) -> MicrosoftInvoice:
    """Return Microsoft's invoice of October."""
    values: dict[str, Any] = {
        "id": number,
        "invoice_on": date(2026, 11, 8),
        "starts_on": date(2026, 10, 1),
        "ends_on": date(2026, 10, 31),
        "total": Decimal(total),
        "currency": "EUR",
    }
    return MicrosoftInvoice(**(values | other))


def test_an_unbilled_export_is_waited_for_and_taken_in_part_by_part(desk: Desk) -> None:
    """No worker waits; what opens the parts stands in no row; the lines are estimates."""
    desk.microsoft.polls = 3
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), part(CONTOSO, number=""), etag="e1", span="current")
    desk.night()
    delivery = desk.delivery(UNBILLED_ROW)

    assert (delivery.state, delivery.counting_etag, delivery.row_count) == (DeliveryState.COMPLETE, "e1", 2)
    assert (delivery.operation, delivery.manifest_id) == ("", "")
    assert [(UNBILLED_ROW, 1)] * 2 == desk.counting()
    with desk.database.read() as connection:
        bodies = [str(body) for (body,) in connection.execute("SELECT body FROM entities")]
    assert not [body for body in bodies if "sig=secret" in body]
    desk.bill()
    outcomes = desk.services.runs.outcomes(desk.services.runs.need(RunKey(OCTOBER)))
    assert [IssueCode.ESTIMATE] * 2 == [issue.code for outcome in outcomes for issue in outcome.issues]


def test_the_same_etag_writes_nothing(desk: Desk) -> None:
    """A second night with the same answers leaves every row as it is."""
    desk.microsoft.listed = [invoice()]
    desk.at(2026, 11, 10)
    desk.microsoft.offer(RECON, "G000000001", part(ADATUM, CONTOSO), etag="b1")
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="last")
    desk.microsoft.sheets["DE", "updatedlicensebased"] = SHEET
    desk.microsoft.rates["202611"] = b"CurrencyCode,USDPerUnit,Month\r\nEUR,1.1,202611\r\n"
    desk.night()
    before = desk.rows()
    desk.night()

    assert before == desk.rows()


def test_a_restated_export_replaces_the_one_before_as_a_whole(desk: Desk) -> None:
    """Half of the new parts count nothing; the last one lets all of them count, and none of the old."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), part(CONTOSO, number=""), etag="e1", span="current")
    desk.night()
    more = replace(ADATUM, seats=11)
    desk.microsoft.offer(UNBILLED, "EUR", part(more, number=""), part(TAILSPIN, number=""), etag="e2", span="current")
    desk.microsoft.raises["open_part"] = [MicrosoftUnavailableError("no answer")] * 2
    sync_billing(desk.services)
    seen = set()
    for _ in range(40):
        for message in desk.services.queues.receive(DELIVERIES_QUEUE):
            work_off_billing(desk.services, DeliveryMessage.parse(message.body))
            desk.services.queues.complete(message)
            seen.add(tuple(sorted(record.name for record in desk.services.sources.records(OCTOBER))))
        desk.now += timedelta(seconds=60)

    assert [2, 2] == [len(names) for names in seen]
    assert desk.delivery(UNBILLED_ROW).counting_etag == "e2"
    assert len(desk.services.sources.delivered(OCTOBER, "microsoft_")) == 4
    assert [record.refused_for for record in desk.services.sources.records(OCTOBER)] == [None, None]


def test_restated_rows_make_a_revision_of_the_invoice(desk: Desk) -> None:
    """The new version changes the run's inputs; started again it bills the difference as a new revision."""
    desk.at(2026, 11, 10)
    desk.microsoft.listed = [invoice(total="80")]
    desk.microsoft.offer(RECON, "G000000001", part(ADATUM), etag="b1")
    desk.night()
    desk.bill()
    approve_run(desk.services, OCTOBER, "Ada")
    desk.work()
    desk.microsoft.offer(RECON, "G000000001", part(replace(ADATUM, seats=12)), etag="b2")
    desk.microsoft.listed = [invoice(total="96")]
    desk.night()

    assert start_run(desk.services, OCTOBER)[1]
    desk.work()
    invoices = desk.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    assert [(2, "144.00 EUR")] == [(each.key.revision, str(each.total)) for each in invoices]


def test_unbilled_rows_restated_in_the_look_back_make_a_revision(desk: Desk) -> None:
    """An estimate was invoiced; days into the next month Microsoft corrects it."""
    desk.at(2026, 10, 31)
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    desk.night()
    desk.bill()
    approve_run(desk.services, OCTOBER, "Ada")
    desk.work()
    desk.at(2026, 11, 2)
    desk.microsoft.offer(UNBILLED, "EUR", part(replace(ADATUM, seats=12), number=""), etag="u2", span="last")
    desk.night()

    assert start_run(desk.services, OCTOBER)[1]
    desk.work()
    found = desk.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    assert [(2, "144.00 EUR")] == [(each.key.revision, str(each.total)) for each in found]


def test_parts_that_have_other_names_at_the_next_look_are_taken_in(desk: Desk) -> None:
    """An export asked for again names its parts anew: none is lost, none counts twice, whatever was there already."""
    desk.at(2026, 11, 10)
    desk.microsoft.listed = [invoice()]
    desk.microsoft.offer(RECON, "G000000001", part(ADATUM), part(CONTOSO), etag="b1")
    renaming = Renaming(desk.microsoft)
    desk.services = replace(desk.services, microsoft=lambda: renaming)
    desk.night()

    assert 2 == len({name.partition("-")[0] for name in renaming.opened})
    assert desk.delivery(BILLED_ROW).state is DeliveryState.COMPLETE
    assert [1, 1] == [rows for row, rows in desk.counting() if row == BILLED_ROW]


def test_a_month_of_sixty_parts_comes_in(desk: Desk) -> None:
    """Each once, and all of them count together."""
    desk.at(2026, 11, 10)
    desk.microsoft.listed = [invoice()]
    parts = [part(replace(ADATUM, seats=number + 1)) for number in range(60)]
    desk.microsoft.offer(RECON, "G000000001", *parts, etag="b1")
    desk.night()
    opened = [each for each in desk.microsoft.asked if each.startswith("open_part")]

    assert (DeliveryState.COMPLETE, 60) == (desk.delivery(BILLED_ROW).state, desk.delivery(BILLED_ROW).row_count)
    assert 60 == len(opened) == len(set(opened))


def test_unbilled_gives_way_to_billed(desk: Desk) -> None:
    """Never both: from the write that completes the billed delivery on the unbilled one counts no longer."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    desk.night()
    desk.at(2026, 11, 10)
    desk.microsoft.listed = [invoice(total="80")]
    desk.microsoft.offer(RECON, "G000000001", part(ADATUM), etag="b1")
    desk.microsoft.offer(ExportKind.BILLED_RECONCILIATION, "G000000002", part(ADATUM), etag="b1")
    desk.night()

    assert [(BILLED_ROW, 1)] == desk.counting()
    shown = {each["kind"]: each["counts"] for each in deliveries_view(desk.services, OCTOBER) if each["row_count"]}
    assert shown == {"reconciliation/billed": True, "reconciliation/unbilled": False}
    desk.microsoft.asked.clear()
    desk.night()
    assert not [call for call in desk.microsoft.asked if "reconciliation/unbilled EUR last" in call]
    assert [call for call in desk.microsoft.asked if "usage/unbilled EUR last" in call]


def test_an_export_without_data_is_noted_and_asked_for_again(desk: Desk) -> None:
    """Code 5000 is no failure; the next night finds what came meanwhile."""
    desk.night()
    before = desk.rows()
    desk.night()

    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.EMPTY
    assert before == desk.rows()
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    desk.night()
    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.COMPLETE


def test_what_counts_stays_when_a_later_export_fails(desk: Desk) -> None:
    """The note says why; nothing is lost."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    desk.night()
    desk.microsoft.offered[UNBILLED, "EUR", "current"] = ExportFailed("5001", "Something went wrong")
    desk.night()
    delivery = desk.delivery(UNBILLED_ROW)

    assert (delivery.state, delivery.note) == (DeliveryState.COMPLETE, "Microsoft: 5001 Something went wrong")
    assert [(UNBILLED_ROW, 1)] == desk.counting()


@pytest.mark.parametrize("fails", [1, 3])
def test_a_part_that_breaks_off_is_fetched_again(desk: Desk, fails: int) -> None:
    """The stream says so, or the gzip file does: it never counts cut off."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    desk.microsoft.cut_off["part-00000.c000.json.gz"] = fails
    desk.night()

    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.COMPLETE
    assert desk.microsoft.asked.count("open_part part-00000.c000.json.gz") == fails + 1


def test_a_part_that_is_always_cut_off_ends_in_the_deliverys_note(desk: Desk) -> None:
    """Nothing of it counts; the next night asks again and takes in only what is missing."""
    whole, cut = part(ADATUM, number=""), part(CONTOSO, number="")
    desk.microsoft.offer(UNBILLED, "EUR", whole, cut[:-20], etag="u1", span="current")
    desk.night()
    delivery = desk.delivery(UNBILLED_ROW)

    assert delivery.state is DeliveryState.FAILED
    assert "Part 2: " in delivery.note
    assert "cut off" in delivery.note
    assert desk.counting() == []
    desk.microsoft.offer(UNBILLED, "EUR", whole, cut, etag="u1", span="current")
    desk.microsoft.asked.clear()
    desk.night()
    assert [(UNBILLED_ROW, 1)] * 2 == desk.counting()
    assert ["open_part part-00001.c000.json.gz"] == [call for call in desk.microsoft.asked if "open_part" in call]


def test_an_export_that_expired_is_asked_for_again(desk: Desk) -> None:
    """At the next look, and where a part's address expired: what is in already is not fetched twice."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), part(CONTOSO, number=""), etag="u1", span="current")
    desk.microsoft.raises["export_state"] = [NotFoundError("expired (410)")]
    desk.microsoft.raises["open_part"] = [NotFoundError("expired (403)")]
    desk.night()

    assert [(UNBILLED_ROW, 1)] * 2 == desk.counting()
    assert len([call for call in desk.microsoft.asked if call.startswith("request_export")]) == 4 + 2


def test_a_manifest_that_lacks_a_part_is_not_believed(desk: Desk) -> None:
    """It is asked for again, and in the end noted."""
    desk.microsoft.offered[UNBILLED, "EUR", "current"] = Made((lambda: cast("Any", None),), "u1", part_count=2)
    desk.night()

    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.FAILED
    assert "the manifest names 1 of 2 parts" in desk.delivery(UNBILLED_ROW).note


def test_a_part_without_a_byte_is_a_part(desk: Desk) -> None:
    """Microsoft writes such parts; an export may also have none at all."""
    hollow = gzip.compress(b"", mtime=0)
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), hollow, etag="u1", span="current")
    desk.microsoft.offer(ExportKind.UNBILLED_USAGE, "EUR", etag="u1", span="current")
    desk.night()

    assert [(UNBILLED_ROW, 1), (UNBILLED_ROW, 0)] == desk.counting()
    assert desk.delivery("usage-unbilled_EUR").state is DeliveryState.COMPLETE
    desk.bill()
    assert len(desk.services.runs.outcomes(desk.services.runs.need(RunKey(OCTOBER)))) == 1


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (MicrosoftRefusedError("403 is missing a role", status=403), "missing a role"),
        (ForgedError("host evil.example is not allowed"), "not allowed"),
    ],
)
def test_what_microsoft_refuses_is_noted(desk: Desk, error: Exception, note: str) -> None:
    """The other deliveries come in all the same."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    desk.microsoft.raises["open_part"] = [error]
    desk.night()

    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.FAILED
    assert note in desk.delivery(UNBILLED_ROW).note
    assert desk.delivery("usage-unbilled_EUR").state is DeliveryState.EMPTY


def test_throttling_slows_and_never_fails(desk: Desk) -> None:
    """As often as it is said."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    for call in ("invoices", "request_export", "export_state", "open_part", "price_sheet"):
        desk.microsoft.raises[call] = [ThrottledError("wait", retry_after_s=120)] * 7
    desk.night()

    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.COMPLETE


def test_a_lost_connection_leaves_everything_for_the_next_sync(desk: Desk) -> None:
    """No message is left over; connected again, the next night goes on."""
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="u1", span="current")
    for call in ("invoices", "export_state", "price_sheet", "exchange_rates"):
        desk.microsoft.raises[call] = [NotConnectedError("sign in again", state="expired")] * 9
    desk.night()
    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.REQUESTED
    desk.microsoft.raises.clear()
    assert sweep(desk.services) == 4
    desk.work()

    assert desk.delivery(UNBILLED_ROW).state is DeliveryState.COMPLETE


def test_a_month_that_changes_while_an_export_is_made_is_asked_for_by_its_new_name(desk: Desk) -> None:
    """Asked for as current on the last evening, made after midnight: it is the wrong month's, so it is not taken."""
    desk.now = datetime(2026, 10, 31, 23, 59, 30, tzinfo=UTC)
    desk.microsoft.offer(UNBILLED, "EUR", part(ADATUM, number=""), etag="october", span="last")
    desk.microsoft.offer(UNBILLED, "EUR", part(TAILSPIN, number=""), etag="november", span="current")
    made_at = desk.now + timedelta(hours=1)
    desk.microsoft.clock = lambda: max(made_at, desk.now)
    desk.night()

    assert desk.delivery(UNBILLED_ROW).counting_etag == "october"


def test_an_uploaded_file_gives_way_to_the_delivery_of_the_same_lines(desk: Desk) -> None:
    """Whichever comes first: it is refused with the cure, and what was delivered counts once."""
    desk.at(2026, 11, 10)
    accept_source_file(desk.services, OCTOBER, "recon.csv", invoice_csv(str(OCTOBER), (ADATUM, CONTOSO)))
    desk.work()
    desk.microsoft.listed = [invoice()]
    desk.microsoft.offer(RECON, "G000000001", part(ADATUM), part(CONTOSO), etag="b1")
    desk.night()

    assert [(BILLED_ROW, 1)] * 2 == desk.counting()
    accept_source_file(desk.services, OCTOBER, "again.csv", invoice_csv(str(OCTOBER), (CONTOSO,)))
    desk.work()
    assert [(BILLED_ROW, 1)] * 2 == desk.counting()
    refused = {each.name: each.refused_for for each in desk.services.sources.records(OCTOBER) if each.refused_for}
    assert ["again.csv", "recon.csv"] == sorted(refused)
    name = next(each.name for each in desk.services.sources.records(OCTOBER) if each.delivery)
    with pytest.raises(StateError, match="counts whole"):
        desk.services.sources.withdraw(OCTOBER, name)
    with pytest.raises(InvalidError, match="begins with microsoft_"):
        accept_source_file(desk.services, OCTOBER, name, b"x")


SHEET = (
    b"ProductTitle,ProductId,SkuId,SkuTitle,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate,"
    b"EffectiveEndDate,ERP Price,Segment\r\n"
    b"Plan,CFQ7TTC0LH18,0001,Plan,P1Y,Monthly,DE,EUR,8.00,10/1/2026 12:00:00 AM,12/31/9999 11:59:59 PM,10.00,"
    b"Commercial\r\n"
)
