"""Prices: the reseller's price list and Microsoft's price sheet, and which price of them applies to what is billed.

The modules of this package are imported by their own names inside it; everybody else imports from here.

Not here: which day is the price date (``proration``), and the lines made of prices (``charging``).
"""

from shared.domain.prices.amounts import COST, ERP, NET, RETAIL, Measure, Sale, measure_of, sale_of
from shared.domain.prices.book import PriceBook
from shared.domain.prices.entries import (
    GLOBAL,
    PERCENT_MAX,
    PriceEntry,
    PriceFound,
    PriceMethod,
    ScopeKind,
    entry_refused,
)
from shared.domain.prices.keys import PriceKeys
from shared.domain.prices.sheet import NO_PRICE_SHEET, PriceSheet, SheetPrice
from shared.domain.prices.subjects import PriceSubject, subject_of
from shared.domain.prices.tiers import PricedUnits, Tier, UnitsTaken, tiers_refused, units_taken

__all__ = [
    "COST",
    "ERP",
    "GLOBAL",
    "NET",
    "NO_PRICE_SHEET",
    "PERCENT_MAX",
    "RETAIL",
    "Measure",
    "PriceBook",
    "PriceEntry",
    "PriceFound",
    "PriceKeys",
    "PriceMethod",
    "PriceSheet",
    "PriceSubject",
    "PricedUnits",
    "Sale",
    "ScopeKind",
    "SheetPrice",
    "Tier",
    "UnitsTaken",
    "entry_refused",
    "measure_of",
    "sale_of",
    "subject_of",
    "tiers_refused",
    "units_taken",
]
