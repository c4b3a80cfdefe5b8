"""What no single field of a history file can tell: ids given twice, ids of nobody, purchases missing.

Not here: single fields (the models), events that make no sense (they become issues of the answer).
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from shared.documents.histories_model import HistoryFile
from shared.documents.histories_problems import Problem
from shared.documents.histories_subscription import SubscriptionPart
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import QuantityBasis

_OWN_KINDS = {ServiceKind.OWN_RECURRING, ServiceKind.OWN_ONE_OFF, ServiceKind.OWN_METERED}


def contradictions(file: HistoryFile, subscriptions: Sequence[tuple[str, SubscriptionPart]]) -> Iterator[Problem]:
    """Yield what is wrong between the parts of *file*; *subscriptions* are all of them with their ids."""
    known: set[str] = set()
    for number, (subscription_id, part) in enumerate(subscriptions):
        path = _path(file, number)
        yield from _beginnings(path, part)
        yield from _tierings(path, part)
        yield from _spans(path, part, file)
        yield from _unit_tiers(path, part, file)
        if subscription_id in known:
            yield Problem(f"{path}.id", subscription_id, "is the id of two subscriptions: change one of them")
        known.add(subscription_id)
    if not (subscriptions or file.vendor_lines or file.sales):
        yield Problem("subscriptions", None, "is missing: add a subscription, or vendor_lines or sales to be explained")
    yield from _owners("usage", [usage.subscription for usage in file.usage], known, must_be_told=len(known) != 1)
    yield from _owners("vendor_lines", [line.subscription for line in file.vendor_lines], known, must_be_told=False)


def _path(file: HistoryFile, number: int) -> str:
    if file.subscription is None:
        return f"subscriptions[{number}]"
    return f"subscriptions[{number - 1}]" if number else "subscription"


def _beginnings(path: str, part: SubscriptionPart) -> Iterator[Problem]:
    created = Counter(event.meant for event in part.events)[EventKind.CREATED]
    if part.purchased is None and not created:
        yield Problem(f"{path}.purchased", None, "is missing: add the day of the purchase")
    if part.purchased is not None and created:
        yield Problem(f"{path}.purchased", None, "is given, and a created event as well: keep one of them")


def _tierings(path: str, part: SubscriptionPart) -> Iterator[Problem]:
    told = part.billing.tiering if part.billing else None
    if part.tiering is not None and told is not None and part.tiering.value != told.value:
        yield Problem(f"{path}.tiering", part.tiering.value, f"is not the {told.value} of billing: keep one of them")


def _unit_tiers(path: str, part: SubscriptionPart, file: HistoryFile) -> Iterator[Problem]:
    """Each graduated tier of units is billed by itself; a minimum, or a highest quantity, is one for all of them."""
    told = part.tiering or (part.billing.tiering if part.billing else None)
    has_unit_tiers = part.tiers and not (part.prices or file.prices or part.unit_price is not None)
    is_graduated = told is None or told.value == "graduated"
    if part.kind is not ServiceKind.OWN_RECURRING or not (has_unit_tiers and is_graduated) or part.billing is None:
        return
    least, basis = part.billing.minimum, part.billing.quantity_basis
    why = "does not go with graduated tiers of units: leave one of them out"
    if least:
        yield Problem(f"{path}.billing.minimum", f"{least:f}", why)
    if basis not in {None, QuantityBasis.SEGMENTS}:
        yield Problem(f"{path}.billing.quantity_basis", basis.value, why)


def _spans(path: str, part: SubscriptionPart, file: HistoryFile) -> Iterator[Problem]:
    """A price for days is for a reseller's own service: vendors know months and years."""
    if part.kind in _OWN_KINDS:
        return
    rows = [(f"{path}.prices", part.prices), ("prices", file.prices)]
    for where, prices in rows:
        for number, row in enumerate(prices):
            if row.per in {"day", "week"}:
                why = f"is for own services, and {part.kind.value} is none: write month, year, term or cycle"
                yield Problem(f"{where}[{number}].per", row.per, why)


def _owners(path: str, owners: Sequence[str], known: set[str], *, must_be_told: bool) -> Iterator[Problem]:
    for number, owner in enumerate(owners):
        if owner and owner not in known:
            yield Problem(f"{path}[{number}].subscription", owner, "is the id of no subscription here: correct it")
        if must_be_told and not owner:
            yield Problem(f"{path}[{number}].subscription", None, "is missing: say whose usage it is")
