"""The exchange rate of a month, and how currencies are shown.

Not here: how a rate gets into an amount (``charges``), what currencies are worth (``pricing``).
"""

from decimal import Decimal

from local.demo.arithmetic import Month
from local.partner_center import pricing

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "SEK": "kr", "NOK": "kr", "DKK": "kr"}


def exchange_rate(pricing_currency: str, billing_currency: str, month: Month) -> Decimal:
    """Return what a price is multiplied with for charges of *month*; 1 where the currencies are the same.

    Raises:
        KeyError: one of the currencies is not known.
    """
    return pricing.exchange_rate(pricing_currency, billing_currency, f"{month.year:04d}{month.number:02d}")
