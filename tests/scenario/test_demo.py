"""The demo: from consent to files against the simulated side of Microsoft, and nothing to do the second time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.demo.run import closed_month, run_demo
from shared.bootstrap import utc_now
from shared.settings import Settings

PERIOD = "2026-10"


def test_a_month_goes_from_consent_to_files_and_a_second_demo_has_nothing_to_do(tmp_path: Path) -> None:
    """42 customers, of whom the one without a price is parked; all lines of three invoices; no news the second time."""
    settings = Settings(embedded_root=tmp_path / "store", reseller_name="Norrsken")
    told: list[str] = []
    now = utc_now()  # the function app asks for what is unbilled in its own month
    first = run_demo(settings, tmp_path / "demo", told.append, period=PERIOD, now=now)
    second = run_demo(settings, tmp_path / "demo", told.append, period=PERIOD, now=now)
    run, parked = first.run, [each for each in first.run["customers"] if each["is_parked"]]
    billed = [each for each in first.deliveries if each["invoice_id"]]

    assert ("ready", 42, True, False) == (run["state"], run["billed_count"], first.is_new, second.is_new)
    assert ["Maison Lefèvre-Brûlé SA"] == [each["customer_name"] for each in parked]
    assert ["blocking"] == [each["severity"] for each in run["issues"]]
    assert {"complete"} == {each["state"] for each in billed}
    assert {"legacy/billed", "reconciliation/billed", "usage/billed"} == {each["kind"] for each in billed}
    assert len(list(first.folder.rglob("*.csv"))) * 2 == len(first.exports)
    assert [each["etag"] for each in billed] == [each["etag"] for each in second.deliveries if each["invoice_id"]]


@pytest.mark.parametrize(
    ("day", "month"),
    [
        ("2026-11-22", "2026-10"),
        ("2026-11-09T08:00", "2026-10"),
        ("2026-11-09T07:59", "2026-09"),
        ("2027-01-03", "2026-11"),
    ],
)
def test_the_month_of_the_demo_is_the_latest_that_microsoft_has_billed(day: str, month: str) -> None:
    """From the 9th on it is the month before, earlier the one before that."""
    assert month == closed_month(datetime.fromisoformat(day).replace(tzinfo=UTC))
