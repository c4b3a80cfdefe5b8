"""``prorata doctor``: every check, with and without a connection, and the exit code."""

import json
import os
from datetime import timedelta
from typing import Any

import pytest

from local.command import main
from local.doctor import Check, as_text, doctor, needs_a_person
from local.partner_center.faults import FaultKind
from shared.domain.errors import StorageUnavailableError

Office = Any  # what the conftest's fixture gives
NAMES = [
    "settings",
    "app",
    "secrets",
    "consent",
    "refresh token",
    "API api.partnercenter.microsoft.com",
    "API api.partner.microsoft.com",
    "API graph.microsoft.com",
    "roles",
    "second factor",
    "clock",
]


def checked(office: Office) -> dict[str, Check]:
    """Return the checks by name."""
    return {check.name: check for check in doctor(office.services)}


def test_a_connection_that_is_well_needs_nobody(office: Office) -> None:
    """Every check is made."""
    office.connect()
    checks = checked(office)
    wrong = [name for name, check in checks.items() if check.result != "ok"]

    assert NAMES == list(checks)
    assert [] == wrong
    assert "token until" in checks["API graph.microsoft.com"].text


def test_without_a_connection_it_says_what_to_do(office: Office) -> None:
    """App and secrets are checked all the same; what needs a connection is unknown, not wrong."""
    checks = checked(office)
    results = {name: check.result for name, check in checks.items()}

    assert ["settings", "app", "secrets"] == [name for name, result in results.items() if result == "ok"]
    assert ("problem", "unknown") == (results["consent"], results["roles"])
    assert "/api/connection/login" in checks["consent"].cure


def test_without_settings_it_names_them(office: Office) -> None:
    """Nothing is asked of anybody."""
    office.restart(partner_tenant_id="")
    office.simulator.forget_log()
    checks = checked(office)

    assert "PRORATA_PARTNER_TENANT_ID" in checks["settings"].text
    assert "unknown" == checks["app"].result
    assert [] == office.simulator.log


@pytest.mark.parametrize(
    ("kind", "more", "name", "says"),
    [
        (FaultKind.SECRET_WRONG, {}, "app", "AADSTS7000215"),
        (FaultKind.TOKEN_REVOKED, {}, "API graph.microsoft.com", "revoked"),
        (FaultKind.MFA_REQUIRED, {"path": "/v1/customers"}, "API api.partnercenter.microsoft.com", "900421"),
        (FaultKind.ACCESS_TOKEN_REFUSED, {"path": "transitiveMemberOf"}, "API graph.microsoft.com", "401"),
    ],
)
def test_what_is_wrong_is_found_where_it_is(
    office: Office, kind: FaultKind, more: dict[str, Any], name: str, says: str
) -> None:
    """With a cure, and a person is needed."""
    office.connect()
    office.restart()
    office.fault(kind, **more)
    check = checked(office)[name]

    assert "problem" == check.result
    assert says in check.text + check.cure
    assert check.cure
    assert needs_a_person([check])


def test_one_refusal_is_told_the_same_everywhere(office: Office) -> None:
    """A revoked token has no days left, a sign-in that lacks a second factor had none; and since when it is so."""
    office.connect()
    office.restart()
    office.fault(FaultKind.TOKEN_REVOKED)
    revoked = checked(office)
    office.repair()
    office.restart()
    office.fault(FaultKind.MFA_REQUIRED, path="/v1/customers")
    refused = checked(office)

    assert ("problem", True) == (revoked["refresh token"].result, "token-revoked" in revoked["refresh token"].text)
    assert "connect anew" in revoked["refresh token"].cure
    assert "worked last 2026-11-09 09:00 UTC" in revoked["API graph.microsoft.com"].text
    assert ("problem", "the sign-in had none") == (refused["second factor"].result, refused["second factor"].text)


def test_roles_that_cannot_be_read_are_unknown(office: Office) -> None:
    """They do not count as well."""
    office.connect()
    office.fault(FaultKind.ACCESS_TOKEN_REFUSED, path="transitiveMemberOf")

    assert "unknown" == checked(office)["roles"].result


def test_a_missing_role_is_named(office: Office) -> None:
    """With what to give the account."""
    office.simulator.world.partner.roles = ("SalesAgents",)
    office.connect()
    check = checked(office)["roles"]

    assert ("problem", "lacks Billing admin") == (check.result, check.text)


def test_a_clock_that_is_wrong_is_found(office: Office) -> None:
    """By the time that Microsoft's answers carry."""
    office.connect()
    well = checked(office)["clock"]
    office.now += timedelta(minutes=10)
    fast = checked(office)["clock"]

    assert "ok" == well.result
    assert "problem" == fast.result
    assert "ahead of" in fast.text


def test_a_store_that_cannot_be_written_is_found(office: Office) -> None:
    """The next refresh token would be lost."""
    folder = office.settings.embedded_root / "secrets"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder belongs")
    with pytest.raises(StorageUnavailableError):
        office.services.secrets.put("a", "b")
    check = checked(office)["secrets"]

    assert "problem" == check.result
    assert "secrets" in check.text


def test_the_command_prints_and_tells_by_its_exit_code(
    office_of_today: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """3 where a person is needed, 0 where nothing is; text for people, JSON for programs."""
    office = office_of_today
    for name, value in office.settings:
        if isinstance(value, str) and value:
            os.environ[f"PRORATA_{name.upper()}"] = value
    os.environ["PRORATA_EMBEDDED_ROOT"] = str(office.settings.embedded_root)
    os.environ["PRORATA_CLIENT_SECRET"] = office.settings.client_secret.get_secret_value()
    without = main(["doctor"])
    text = capsys.readouterr().out
    office.connect()
    well = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)

    assert (3, 0) == (without, well)
    assert "PROBLEM  consent: not-connected" in text
    assert "-> " in text
    assert told["is_well"] is True
    assert NAMES == [check["name"] for check in told["checks"]]


def test_the_text_shows_marks_and_cures() -> None:
    """One line for each check, and one for its cure."""
    checks = [Check(name="a", result="ok", text="fine"), Check(name="b", result="problem", text="bad", cure="do it")]

    assert "ok       a: fine\nPROBLEM  b: bad\n         -> do it\n" == as_text(checks)
