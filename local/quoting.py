"""What ``prorata quote`` does: read a history with something proposed, say what it will cost, change nothing.

Not here: the command line (``command``), what a quote is (``shared/domain/quotes``).
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from local.explaining import Explained, content_of
from local.price_files import PriceFiles
from shared.documents.expected_sales_table import quote_table
from shared.documents.quote_questions import QuoteQuestion, read_quote
from shared.documents.quotes_json import customer_quote_values, quote_values
from shared.domain.errors import InvalidError
from shared.domain.expected_sales import SaleTerms
from shared.domain.prices import PriceBook, PriceEntry
from shared.domain.quotes import quote


def quote_file(
    path: Path,
    stdin: BinaryIO,
    files: PriceFiles,
    *,
    language: str = "",
    as_table: bool = False,
    for_customer: bool = False,
) -> Explained:
    """Return the quote that the file asks for; ``-`` is *stdin*. *language* goes before that of the file.

    For a customer there is no cost in it.

    Raises:
        InvalidError: a file cannot be used, or prices are given twice.
    """
    content, name = content_of(path, stdin)
    asked = read_quote(content, name)
    made = quote(asked.question.history, asked.proposal, _terms(asked, files, name))
    spoken = language or asked.question.language
    if as_table:
        text = quote_table(made, spoken, asked.question.title, for_customer=for_customer)
    else:
        told = customer_quote_values(made, spoken) if for_customer else quote_values(made, spoken)
        values = {"title": asked.question.title, "language": spoken} | told
        text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    return Explained(text, made.is_refused or any(issue.is_blocking for issue in made.issues))


def _terms(asked: QuoteQuestion, files: PriceFiles, name: str) -> SaleTerms:
    """The prices of the files or of the question; own services need none."""
    terms = files.terms()
    if terms is not None and asked.price_list is not None:
        raise InvalidError(f"{name} has a price_list, and --prices is given as well: keep one of them")
    if terms is None:
        terms = SaleTerms(prices=_book(asked.price_list or (), asked, name))
    elif asked.customer_groups:
        raise InvalidError(f"{name} has customer_groups: with --prices, give them as --customer-groups FILE")
    return replace(terms, own_costs=asked.own_costs)


def _book(entries: Iterable[PriceEntry], asked: QuoteQuestion, name: str) -> PriceBook:
    return PriceBook(entries, name=f"price_list of {name}", groups=asked.customer_groups)
