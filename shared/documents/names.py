"""Names of downloaded files: readable, sortable, safe on every system, and different when the content is.

``csp_{scope}_{customer or all}_{YYYY-MM}_{profile}_{currency}_r{revision}_{hash8}.{ext}``, lower-case ASCII apart from
the currency. Same content, same name. The customer's part is a slug of the name and the first characters of the id, so
two customers of one name do not overwrite each other.

Not here: where files are stored.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple

from shared.domain.errors import InvalidError
from shared.domain.invoices import Invoice
from shared.domain.keys import digest
from shared.domain.periods import BillingPeriod
from shared.domain.redaction import customer_view

NAME_CHARACTERS_MAX = 120
SHORT_CHARACTERS = 8
_SLUG_CHARACTERS_MAX = 40
_UNSAFE = re.compile(r"[^a-z0-9]+")
_PART = re.compile(r"[A-Za-z0-9-]{1,20}")
_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def customer_file_name(invoice: Invoice, *, profile: str, extension: str) -> str:
    """Return the name of a customer's file.

    For example ``csp_customer_contoso-0f3a21bc_2026-10_detail_EUR_r1_9f3c21ab.csv``.

    Raises:
        InvalidError: *profile* or *extension* is not made of ASCII letters, digits and hyphens.
    """
    key = invoice.key
    who = f"{slug(invoice.customer_name)}-{short_id(invoice.customer_id)}".strip("-")
    return _joined(
        (
            "customer",
            who,
            str(key.period),
            profile,
            key.currency,
            f"r{key.revision}",
            customer_hash(invoice)[:SHORT_CHARACTERS],
        ),
        extension,
    )


def reseller_file_name(
    period: BillingPeriod, *, profile: str, currency: str, revision: int, content_hash: str, extension: str
) -> str:
    """Return the name of a file over a whole run; *currency* is ``ALL`` where it has several.

    Raises:
        InvalidError: a part is not made of ASCII letters, digits and hyphens.
    """
    return _joined(
        ("reseller", "all", str(period), profile, currency, f"r{revision}", content_hash[:SHORT_CHARACTERS]), extension
    )


def customer_hash(invoice: Invoice) -> str:
    """Return 16 hex digits that stand for what the customer sees of *invoice*.

    The invoice's own content hash covers cost. A customer who knows everything else could find the cost by trying, so
    no file of a customer shows that hash.
    """
    seen = (str(value) for line in invoice.lines for value in astuple(customer_view(line)))
    parts = (invoice.key.render(), invoice.number, invoice.state.value, invoice.customer_name, *seen)
    return digest(*(part.encode("utf-8", "backslashreplace").decode() for part in parts))


def run_hash(content_hashes: Iterable[str]) -> str:
    """Return 16 hex digits that stand for the contents of all invoices of a run, in whatever order they come."""
    return digest(*sorted(content_hashes))


def slug(name: str) -> str:
    """Return *name* in lower-case ASCII letters, digits and hyphens; "" if nothing of it can be written so."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_SPELLED))
    plain = folded.encode("ascii", "ignore").decode()
    return _UNSAFE.sub("-", plain).strip("-")[:_SLUG_CHARACTERS_MAX].strip("-")


def short_id(identifier: str) -> str:
    """Return the first characters of an id that are safe in a name; a digest of an id that has none."""
    plain = _UNSAFE.sub("", identifier.casefold())[:SHORT_CHARACTERS]
    return plain or digest(identifier)[:SHORT_CHARACTERS]


def _joined(parts: tuple[str, ...], extension: str) -> str:
    scope, who, *rest = parts
    for part in (*rest, extension):
        if not _PART.fullmatch(part):
            raise InvalidError(f"file name: {part!r} is not safe in a name; use 1 to 20 ASCII letters, digits and -")
    name = f"csp_{scope}_{who}_{'_'.join(rest)}.{extension}"
    if len(name) > NAME_CHARACTERS_MAX:
        raise InvalidError(f"file name {name!r}: {len(name)} characters, at most {NAME_CHARACTERS_MAX}")
    return name
