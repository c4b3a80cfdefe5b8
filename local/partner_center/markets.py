"""The markets of the simulator, and the currency in which each has its prices.

Not here: rates between currencies (``pricing``).
"""

MARKETS = {
    "AT": "EUR",
    "BE": "EUR",
    "CA": "CAD",
    "CH": "CHF",
    "DE": "EUR",
    "DK": "DKK",
    "ES": "EUR",
    "FI": "EUR",
    "FR": "EUR",
    "GB": "GBP",
    "IE": "EUR",
    "IT": "EUR",
    "LU": "EUR",
    "NL": "EUR",
    "NO": "NOK",
    "PL": "PLN",
    "PT": "EUR",
    "SE": "SEK",
    "US": "USD",
}
"""Currencies by ISO country."""
