"""The kinds of service, and the lengths of terms and charge cycles.

Which rules bill a service follows from its kind alone. An add-on is of its parent's kind and names the parent.

Not here: what was delivered by Microsoft (``source_lines.Service``), and the rules (``expected``).
"""

from enum import StrEnum

from shared.domain.errors import InvalidError


class ServiceKind(StrEnum):
    """What is sold. The value is how histories name it."""

    LEGACY_LICENCE = "legacy-licence"
    LICENCE = "licence"  # new commerce
    SOFTWARE_SUBSCRIPTION = "software-subscription"
    PERPETUAL_SOFTWARE = "perpetual-software"
    MARKETPLACE = "marketplace"
    AZURE_USAGE = "azure-usage"
    LEGACY_USAGE = "legacy-usage"
    RESERVATION = "reservation"
    SAVINGS_PLAN = "savings-plan"
    OWN_RECURRING = "own-recurring"
    OWN_ONE_OFF = "own-one-off"
    OWN_METERED = "own-metered"


class Plan(StrEnum):
    """How often a term is paid."""

    MONTHLY = "monthly"
    ANNUAL = "annual"
    TRIENNIAL = "triennial"
    ONE_TIME = "one-time"  # the whole term at once


_COUNT_DIGITS_MAX = 4

PLAN_MONTHS = {Plan.MONTHLY: 1, Plan.ANNUAL: 12, Plan.TRIENNIAL: 36}


def term_months(term: str) -> int:
    """Return the months of an ISO 8601 term: ``P1M`` 1, ``P1Y`` 12, ``P3Y`` 36.

    Raises:
        InvalidError: *term* is not ``P``, a number, and ``M`` or ``Y``.
    """
    count, unit = term[1:-1], term[-1:]
    if (
        not term.startswith("P")
        or not (count.isascii() and count.isdigit() and len(count) <= _COUNT_DIGITS_MAX)
        or unit not in {"M", "Y"}
        or not int(count)
    ):
        raise InvalidError(f"term {term!r} is not understood: write P1M, P1Y or P3Y")
    return int(count) * (12 if unit == "Y" else 1)
