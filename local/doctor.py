"""``prorata doctor``: is everything there that a connection needs, and what is to be done where it is not.

Every check says what it looked at, how it went, and the cure. Nothing is needed to begin: without a connection the
checks that need one say so. What was found out about the account is kept, so that the app shows it too.

Not here: what a state means (``shared/domain/connection``), the same without asking Microsoft (``connection_health``).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal

from shared.application.connect import check_account
from shared.application.connection_health import Health, account_advice, connection_health
from shared.application.services import Services
from shared.domain.connection import ConnectionState, cure_of
from shared.domain.consent import Consent, Probe
from shared.domain.errors import ProrataError

CLOCK_SKEW_S_MAX: Final = 240
"""Microsoft takes a certificate's signature for some minutes only."""

_SECRET: Final = "doctor"  # noqa: S105 - the name of a secret that holds none
_OF_THE_TOKEN: Final = frozenset({ConnectionState.TOKEN_EXPIRED, ConnectionState.TOKEN_REVOKED})
_MARKS: Final = {"ok": "ok     ", "problem": "PROBLEM", "unknown": "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; *cure* is what a person has to do, "" for nothing."""

    name: str
    result: Literal["ok", "problem", "unknown"]
    text: str
    cure: str = ""


def doctor(services: Services, misspelt: Sequence[str] = ()) -> list[Check]:
    """Make every check and return them in order; Microsoft is asked where somebody consented and nothing is missing.

    *misspelt* says which settings nobody reads.
    """
    checks = [_settings(services, misspelt), _app(services), _secrets(services)]
    health = connection_health(services)
    checks.append(_consent(health))
    if health.missing_settings:
        return [*checks, *_not_asked("settings are missing")]
    if health.consent is None or health.token is None:
        return [*checks, *_not_asked("nobody is connected")]
    probes = services.sign_in().probes()
    checked = check_account(services, health.consent)
    after = connection_health(services)
    return [*checks, _token(after), *_apis(probes, after), *_account(checked), _clock(probes)]


def needs_a_person(checks: list[Check]) -> bool:
    """Whether something is wrong."""
    return any(check.result == "problem" for check in checks)


def as_text(checks: list[Check]) -> str:
    """Return the checks for people."""
    lines = [line for check in checks for line in _lines(check)]
    return "".join(f"{line}\n" for line in lines)


def as_json(checks: list[Check]) -> str:
    """Return the checks for programs."""
    content = {"is_well": not needs_a_person(checks), "checks": [asdict(check) for check in checks]}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield f"{_MARKS[check.result]}  {check.name}: {check.text}"
    if check.cure:
        yield f"         -> {check.cure}"


def _settings(services: Services, misspelt: Sequence[str]) -> Check:
    missing, slips = services.sign_in().missing_settings(), "; ".join(misspelt)
    if missing:
        cure = slips or cure_of(ConnectionState.NOT_CONFIGURED)
        return Check(name="settings", result="problem", text=f"not set: {', '.join(missing)}", cure=cure)
    return Check(name="settings", result="ok", text="tenant, app and its credential are set", cure=slips)


def _app(services: Services) -> Check:
    """Ask for a token of the app alone: it needs no consent, only that tenant, app and credential are right."""
    if services.sign_in().missing_settings():
        return Check(name="app", result="unknown", text="not asked: settings are missing")
    problem = services.sign_in().app_problem()
    if problem:
        return Check(name="app", result="problem", text="Microsoft does not accept the app", cure=problem)
    return Check(name="app", result="ok", text="Microsoft accepts the app and its credential")


def _secrets(services: Services) -> Check:
    """Write and read a secret that holds nothing: a store that only reads loses the next refresh token."""
    value = services.clock().isoformat()
    try:
        services.secrets.put(_SECRET, value)
        is_kept = services.secrets.get(_SECRET) == value
    except ProrataError as error:
        return Check(name="secrets", result="problem", text=str(error), cure="repair the store of secrets first")
    if not is_kept:
        text, cure = "what was written did not come back", "look whether another installation uses the same store"
        return Check(name="secrets", result="problem", text=text, cure=cure)
    return Check(name="secrets", result="ok", text="can be written and read")


def _consent(health: Health) -> Check:
    name, consent = "consent", health.consent
    if consent is None or health.token is None:
        text = f"{health.state}{f' ({health.code})' if health.code else ''}"
        return Check(name=name, result="problem", text=text, cure=health.next_action)
    identity = consent.identity
    text = f"by {identity.user_name} on {consent.consented_at:%Y-%m-%d}"
    return Check(name=name, result="ok", text=text, cure=account_advice(consent))


def _token(health: Health) -> Check:
    if health.token is None:
        return Check(name="refresh token", result="problem", text="is gone", cure=health.next_action)
    days = health.token.days_left(health.now)
    text = f"stored {health.token.obtained_at:%Y-%m-%d %H:%M} UTC, {days} days left"
    if health.state in _OF_THE_TOKEN:
        text = f"stored {health.token.obtained_at:%Y-%m-%d %H:%M} UTC, refused since: {health.state}"
        return Check(name="refresh token", result="problem", text=text, cure=cure_of(health.state))
    return Check(name="refresh token", result="ok" if days else "problem", text=text, cure="" if days else _reconnect())


def _apis(probes: list[Probe], health: Health) -> Iterator[Check]:
    ends = {each.audience: each.ends_at for each in health.endings if not each.tenant_id and not each.is_app_only}
    worked = {use.api: use.worked_at for use in health.uses}
    for probe in probes:
        host = probe.api.removeprefix("https://")
        name = f"API {host}"
        if probe.problem:
            cure = cure_of(probe.state, resource=probe.api) if probe.state else "see the message; then ask again"
            yield Check(name=name, result="problem", text=f"{_last(worked.get(host))}: {probe.problem}", cure=cure)
        else:
            yield Check(name=name, result="ok", text=f"answers{_until(ends.get(probe.api))}")


def _last(worked_at: datetime | None) -> str:
    return "never worked" if worked_at is None else f"worked last {worked_at:%Y-%m-%d %H:%M} UTC"


def _account(consent: Consent) -> Iterator[Check]:
    roles = consent.roles
    cure = cure_of(ConnectionState.ROLE_MISSING) if roles.missing else ""
    if roles.unchecked:
        yield Check(name="roles", result="unknown", text=roles.sentence(), cure="look them up in Partner Center")
    else:
        yield Check(name="roles", result="problem" if roles.missing else "ok", text=roles.sentence(), cure=cure)
    if consent.has_mfa is None:
        yield Check(name="second factor", result="unknown", text="Partner Center did not say")
    elif consent.has_mfa:
        yield Check(name="second factor", result="ok", text="the sign-in had one")
    else:
        cure = cure_of(ConnectionState.MFA_REQUIRED)
        yield Check(name="second factor", result="problem", text="the sign-in had none", cure=cure)


def _clock(probes: list[Probe]) -> Check:
    skews = [probe.clock_skew_s for probe in probes if probe.clock_skew_s is not None]
    if not skews:
        return Check(name="clock", result="unknown", text="no answer told the time")
    skew_s = min(skews, key=abs)
    if abs(skew_s) <= CLOCK_SKEW_S_MAX:
        return Check(name="clock", result="ok", text=f"within {max(1, abs(skew_s))} s of Microsoft's")
    text = f"{_span(abs(skew_s))} {'ahead of' if skew_s > 0 else 'behind'} Microsoft's"
    cure = "set this machine's clock (NTP); a simulator's goes with it unless --start or a scenario says otherwise"
    return Check(name="clock", result="problem", text=text, cure=cure)


def _span(skew_s: int) -> str:
    """Return a span in the largest unit that it fills twice."""
    units = [("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]
    return next(f"{skew_s // unit_s} {name}" for name, unit_s in units if skew_s >= 2 * unit_s)


def _not_asked(why: str) -> Iterator[Check]:
    for name in ("tokens and APIs", "roles", "second factor"):
        yield Check(name=name, result="unknown", text=f"not asked: {why}")


def _until(ends_at: datetime | None) -> str:
    return "" if ends_at is None else f", token until {ends_at:%H:%M} UTC"


def _reconnect() -> str:
    return cure_of(ConnectionState.TOKEN_EXPIRED)
