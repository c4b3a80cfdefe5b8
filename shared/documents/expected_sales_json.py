"""Sales of expected lines for programs: amount, price and where it came from, sentence, arithmetic and margin.

Not here: the expected lines themselves (``expected_lines_json``).
"""

from typing import Any

from shared.documents.expected_lines_json import issue_values, number_text
from shared.domain.expected import wording
from shared.domain.expected_sales import ExpectedSale
from shared.domain.explanations import arithmetic, price_source, sentence
from shared.domain.money import Money

OWN_POLICY = "the service's own billing policy"


def sale_values(sale: ExpectedSale, language: str) -> dict[str, Any]:
    """Return the sale as plain JSON values; a sale without a price has its issues and no amount."""
    line, made = sale.line, sale.charge
    if made is None:
        is_sold = sale.amount is not None
        return _values(sale) | {
            "unit_price": number_text(line.price.amount) if is_sold else None,
            "price_source": OWN_POLICY if is_sold else None,
            "price_on": None,
            "locked_until": None,
            "sentence": wording.sentence(line, language) if is_sold else None,
            "arithmetic": wording.arithmetic(line, language) if is_sold else None,
        }
    explained = made.explanation
    return _values(sale) | {
        "unit_price": None if made.unit_price is None else number_text(made.unit_price),
        "price_source": price_source(made),
        "price_on": explained.price_on and explained.price_on.isoformat(),
        "locked_until": explained.locked_until and explained.locked_until.isoformat(),
        "sentence": sentence(made, language),
        "arithmetic": arithmetic(made, language),
    }


def money_values(amounts: tuple[Money, ...]) -> dict[str, str]:
    """Return amounts by currency."""
    return {money.currency: number_text(money.amount) for money in amounts}


def _values(sale: ExpectedSale) -> dict[str, Any]:
    return {
        "amount": None if sale.amount is None else number_text(sale.amount.amount),
        "currency": None if sale.amount is None else sale.amount.currency,
        "cost": None if sale.cost is None else number_text(sale.cost.amount),
        "margin": None if sale.margin is None else number_text(sale.margin.amount),
        "issues": [issue_values(issue) for issue in sale.issues],
    }
