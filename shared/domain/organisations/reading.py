"""One organisation out of the texts of a row, or everything that is wrong with the row, each with its cure.

Not here: rows and columns of files (``shared/documents/organisations_file``), what else is known (``importing``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from shared.domain.errors import InvalidError
from shared.domain.organisations.organisation import Organisation, domain_name, tenant_id

TEXT_CHARACTERS_MAX = 250
LIST_MAX = 50
"""Domains, or tenants, of one organisation: the longest lists that fit into a row of the store."""
FIELDS = tuple(each.name for each in fields(Organisation))
_LISTS: dict[str, Callable[[str], str]] = {"domains": domain_name, "tenant_ids": tenant_id}
_COUNTRY = re.compile(r"[A-Z]{2}")
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}\.[^@\s,;<>]{2,}")
_CULTURE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4}){0,2}")
_SPLIT = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of a row, and what to do about it."""

    field: str
    message: str
    cure: str


def organisation_of(texts: Mapping[str, str]) -> tuple[Organisation | None, tuple[Problem, ...]]:
    """Return the organisation that *texts* (by field name) describe, or None and the problems.

    Fields that are absent or empty stay empty; names that are no field are problems.
    """
    problems = [
        Problem(name[:60], "is no field of an organisation", f"use {', '.join(FIELDS)}")
        for name in texts
        if name not in FIELDS
    ]
    plain = {name: " ".join(texts.get(name, "").split()) for name in FIELDS}
    lists = {name: _list(name, plain.pop(name), problems) for name in _LISTS}
    plain["country"] = plain["country"].upper()
    problems += _checks(plain)
    if problems:
        return None, tuple(problems)
    return Organisation(**plain, **lists), ()  # type: ignore[arg-type]  # the names are the dataclass's own


def _list(name: str, text: str, problems: list[Problem]) -> tuple[str, ...]:
    read = _LISTS[name]
    found: dict[str, None] = {}
    parts = list(filter(None, _SPLIT.split(text)))
    if len(parts) > LIST_MAX:
        problems.append(Problem(name, f"holds {len(parts)} values", f"give {LIST_MAX} at most"))
        return ()
    for part in parts:
        try:
            found[read(part)] = None
        except InvalidError as error:
            problems.append(Problem(name, str(error), "correct it, or leave it out; several are separated by spaces"))
    return tuple(sorted(found))


def _checks(plain: Mapping[str, str]) -> list[Problem]:
    problems = []
    if not _ID.fullmatch(plain["id"]):
        problems.append(Problem("id", "is missing or over 100 characters", "give your own, lasting number of it"))
    if not plain["name"]:
        problems.append(Problem("name", "is missing", "give the company's name"))
    if plain["country"] and not _COUNTRY.fullmatch(plain["country"]):
        problems.append(Problem("country", f"{plain['country'][:20]!r} is no country", "use two letters, such as NL"))
    if plain["email"] and not _EMAIL.fullmatch(plain["email"]):
        problems.append(
            Problem("email", f"{plain['email'][:60]!r} is no e-mail address", "use one, such as a@b.example")
        )
    if plain["culture"] and not _CULTURE.fullmatch(plain["culture"]):
        problems.append(Problem("culture", f"{plain['culture'][:20]!r} is no culture", "use one such as nl-NL"))
    problems += [
        Problem(name, f"is {len(text)} characters long", f"shorten it to {TEXT_CHARACTERS_MAX}")
        for name, text in plain.items()
        if len(text) > TEXT_CHARACTERS_MAX
    ]
    return problems
