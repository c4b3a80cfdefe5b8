"""Whatever happens, no secret stands in a log, an error, a view or a page, whoever's logger it is."""

import json
import logging
from typing import Any

import pytest

from local.doctor import as_json, as_text, doctor
from local.partner_center.faults import FaultKind
from local.partner_center.identity.issuing import issued
from shared.application.connect import begin_login, complete_login
from shared.domain.errors import ProrataError
from shared.partner_center.hosts import Audience

Office = Any  # what the conftest's fixture gives
FAULTS = [
    (FaultKind.TOKEN_REVOKED, {}),
    (FaultKind.SECRET_WRONG, {}),
    (FaultKind.CONSENT_MISSING, {}),
    (FaultKind.SERVER_ERROR, {"path": "oauth2", "value": 500}),
    (FaultKind.HTML_ANSWER, {"path": "oauth2", "value": 502}),
    (FaultKind.TIMEOUT_AFTER_COMMIT, {"path": "oauth2"}),
    (FaultKind.MFA_REQUIRED, {"path": "/v1/customers"}),
    (FaultKind.ACCESS_TOKEN_REFUSED, {"path": "/v1"}),
]


def secrets_of(office: Office, codes: list[str]) -> set[str]:
    """Return everything that must never be seen."""
    tokens = issued(office.simulator.world)
    return {office.settings.client_secret.get_secret_value(), *codes, *tokens.access, *tokens.refresh}


def test_no_secret_is_shown(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """At the level of debugging, through a whole life of logins, redemptions, calls and failures."""
    codes, shown = [], []
    with caplog.at_level(logging.DEBUG):
        begun = begin_login(office.services)
        answer = office.visit(begun)
        codes += [answer["code"], begun.browser]
        rows = list(office.services.connection._tables.query("connection", "logins"))
        codes += [json.loads(row.values["flow"])["code_verifier"] for row in rows]
        shown += [repr(begun), repr(office.services), repr(complete_login(office.services, answer, begun.browser))]
        for kind, more in FAULTS:
            office.restart()
            office.fault(kind, **more)
            shown += [*failures(office), as_text(doctor(office.services)), as_json(doctor(office.services))]
            shown.append(json.dumps(office.view()))
            office.repair()
    shown += [caplog.text, repr(office.services.connection.refresh_token())]
    found = {secret for secret in secrets_of(office, codes) for text in shown if secret in text}

    assert set() == found
    assert 5 < len(secrets_of(office, codes))
    assert "token" in caplog.text


def failures(office: Office) -> list[str]:
    """Ask for tokens and data and return what the errors say, their causes included."""
    said = []
    tokens = office.services.sign_in()._tokens
    for step in (
        office.services.sign_in().redeem,
        lambda: tokens.token(Audience.GRAPH),
        lambda: tokens.token(Audience.GRAPH, is_app_only=True),
        lambda: list(office.services.microsoft().tenants()),
    ):
        try:
            step()
        except ProrataError as error:
            cause: BaseException | None = error
            while cause is not None:
                said.append(repr(cause) + str(cause))
                cause = cause.__cause__ or cause.__context__
    return said
