"""The subject of a price look-up: everything about a thing that is sold that a price entry can ask for.

Lines of Microsoft's files and lines worked out from the history of a subscription have the same subject, so one look-up
prices both.

Not here: the day (a look-up is for a subject on a day), quantities and amounts.
"""

from typing import NamedTuple

from shared.domain.proration import plan_name, term_name
from shared.domain.source_lines import SourceLine

MICROSOFT = "Microsoft"
_NO_PUBLISHER_ID = {"", "na"}


class PriceSubject(NamedTuple):
    """What is to be priced. Empty text means unknown or not applicable, and matches only entries without that key.

    *vendor* is the publisher's name; *term* and *billing_plan* are as the price sheet writes them (``P1Y``,
    ``Monthly``); *currency* is that of the cost; *is_adjustment* marks a credit or discount, which is an amount and no
    price times a quantity.
    """

    customer_id: str = ""
    subscription_id: str = ""
    vendor: str = ""
    charge_type: str = ""
    meter_id: str = ""
    product_id: str = ""
    sku_id: str = ""
    term: str = ""
    billing_plan: str = ""
    meter_category: str = ""
    currency: str = ""
    is_adjustment: bool = False


def subject_of(line: SourceLine) -> PriceSubject:
    """Return what a line of Microsoft's files asks a price list for."""
    return PriceSubject(
        line.customer_id,
        line.subscription_id,
        _vendor(line),
        line.charge_type,
        line.meter_id,
        line.product_id,
        line.sku_id,
        term_name(line),
        plan_name(line),
        line.meter_category,
        line.cost.currency,
        line.kind.is_adjustment,
    )


def _vendor(line: SourceLine) -> str:
    """Microsoft's files name the publisher of what is not Microsoft's; the older ones name none at all."""
    if line.publisher or line.publisher_id.casefold() not in _NO_PUBLISHER_ID:
        return line.publisher
    return MICROSOFT
