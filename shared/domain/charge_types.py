"""Microsoft's charge types: the closed lists per family, and what each means for a price.

Spelling varies between files and inside one file (``New``, ``new``, ``CycleCharge``, ``cycle fee``): types are
matched by their letters only, and the delivered text is kept on the line. A type that nobody knows yet is billed
like an ordinary charge and reported, never dropped.

Sources: Microsoft Partner Center documentation, "Reconciliation file charge types", and the .NET SDK's enumeration.
"""

from enum import StrEnum
from functools import lru_cache


class ChargeKind(StrEnum):
    """What a charge type means for pricing and for the reader."""

    NEW = "new"
    RENEWAL = "renewal"
    CYCLE = "cycle"
    QUANTITY = "quantity change"
    CANCELLATION = "cancellation"
    CONVERSION = "conversion"
    PLAN_CHANGE = "plan change"
    ACTIVATION = "activation"
    TRIAL = "trial"
    USAGE = "usage"
    CREDIT = "credit"
    DISCOUNT = "discount"
    UNKNOWN = "unknown"

    @property
    def is_adjustment(self) -> bool:
        """Whether the amount is a sum of its own, not a price times a quantity."""
        return self in {ChargeKind.CREDIT, ChargeKind.DISCOUNT}


_NEW_COMMERCE = {
    "new": ChargeKind.NEW,
    "purchase": ChargeKind.NEW,
    "renew": ChargeKind.RENEWAL,
    "cycleCharge": ChargeKind.CYCLE,
    "addQuantity": ChargeKind.QUANTITY,
    "removeQuantity": ChargeKind.QUANTITY,
    "moveQuantity": ChargeKind.QUANTITY,
    "cancelImmediate": ChargeKind.CANCELLATION,
    "cancel": ChargeKind.CANCELLATION,
    "convert": ChargeKind.CONVERSION,
    "trialConversion": ChargeKind.CONVERSION,
    "changeBillingPlan": ChargeKind.PLAN_CHANGE,
    "customerCredit": ChargeKind.CREDIT,
    "creditNote": ChargeKind.CREDIT,
    "extendTerm": ChargeKind.TRIAL,
}

_LEGACY = {
    "Activation fee": ChargeKind.ACTIVATION,
    "Cancel fee": ChargeKind.CANCELLATION,
    "Cancel instance prorate": ChargeKind.CANCELLATION,
    "Cycle fee": ChargeKind.CYCLE,
    "Cycle instance prorate": ChargeKind.QUANTITY,
    "Prorate fees when cancel": ChargeKind.CANCELLATION,
    "Prorate fees when convert away from current offering": ChargeKind.CONVERSION,
    "Prorate fees when convert to a new offering": ChargeKind.CONVERSION,
    "Convert from instance prorate": ChargeKind.CONVERSION,
    "New purchase cycle fee": ChargeKind.NEW,
    "Prorate fees when purchase": ChargeKind.NEW,
    "Prorate fees when buy": ChargeKind.NEW,
    "Purchase fee": ChargeKind.NEW,
    "Purchase prorate": ChargeKind.NEW,
    "Prorate fee when renew": ChargeKind.RENEWAL,
    "Prorate fees when renew": ChargeKind.RENEWAL,
    "Renew fee": ChargeKind.RENEWAL,
    "Renew prorate": ChargeKind.RENEWAL,
    "Prorate fees when activate": ChargeKind.ACTIVATION,
    "Activation prorate": ChargeKind.ACTIVATION,
    "Cancel prorate": ChargeKind.CANCELLATION,
    "Assess usage fee when cancel": ChargeKind.USAGE,
    "Assess usage fee for current cycle": ChargeKind.USAGE,
    "Cancel usage fee": ChargeKind.USAGE,
    "Cycle usage fee": ChargeKind.USAGE,
    "Offset a line item": ChargeKind.CREDIT,
    "Offset line item": ChargeKind.CREDIT,
    "One time refund": ChargeKind.CREDIT,
    "Credit": ChargeKind.CREDIT,
    "Tax refund": ChargeKind.CREDIT,
    "Activation discount": ChargeKind.DISCOUNT,
    "Cycle discount": ChargeKind.DISCOUNT,
    "Renew discount": ChargeKind.DISCOUNT,
    "Cancel discount": ChargeKind.DISCOUNT,
}


@lru_cache(maxsize=1024)
def folded(text: str) -> str:
    """Return the letters of *text* in lower case, the form in which charge types are compared."""
    return "".join(character for character in text.casefold() if character.isalpha())


_KINDS = {folded(name): kind for name, kind in {**_LEGACY, **_NEW_COMMERCE}.items()}


@lru_cache(maxsize=1024)
def charge_kind(text: str) -> ChargeKind:
    """Return what a delivered charge type means; ``UNKNOWN`` for one that no list has."""
    return _KINDS.get(folded(text), ChargeKind.UNKNOWN)
