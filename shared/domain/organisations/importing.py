"""What an import would do, row by row, before it does it.

Each row stands for itself: a good one counts although another is bad. An id that stands twice in one import, and a
tenant that two organisations claim, are refused rather than guessed at. Importing the same again changes nothing.

Not here: writing (``shared/application/organisations``).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.organisations.organisation import Organisation
from shared.domain.organisations.reading import FIELDS, Problem, organisation_of

ID_SHOWN_CHARACTERS_MAX = 250


class Outcome(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """One row: *line* as the file counts, *changed* the fields that an update changes."""

    line: int
    id: str
    outcome: Outcome
    organisation: Organisation | None = None
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def import_report(
    rows: Sequence[tuple[int, Mapping[str, str]]], known: Mapping[str, Organisation]
) -> tuple[RowReport, ...]:
    """Return what importing *rows* (line number, texts by field) would do to the organisations *known* by id."""
    read = [(line, texts, *organisation_of(texts)) for line, texts in rows]
    ids = Counter(_id(texts) for _, texts in rows)
    owners = _owners(known, [organisation for _, _, organisation, _ in read if organisation])
    return tuple(
        _report(line, _id(texts), organisation, [*problems, *_clashes(organisation, ids, owners)], known)
        for line, texts, organisation, problems in read
    )


def _id(texts: Mapping[str, str]) -> str:
    """Return the id of a row as an organisation has it, one that is none cut short."""
    return " ".join(texts.get("id", "").split())[:ID_SHOWN_CHARACTERS_MAX]


def _owners(known: Mapping[str, Organisation], imported: Iterable[Organisation]) -> dict[str, set[str]]:
    """Return who would claim each tenant once the import is done."""
    owners: dict[str, set[str]] = {}
    for organisation in ({**known} | {each.id: each for each in imported}).values():
        for tenant in organisation.tenant_ids:
            owners.setdefault(tenant, set()).add(organisation.id)
    return owners


def _clashes(
    organisation: Organisation | None, ids: Mapping[str, int], owners: Mapping[str, set[str]]
) -> list[Problem]:
    if organisation is None:
        return []
    problems = []
    if ids[organisation.id] > 1:
        problems.append(Problem("id", f"{organisation.id!r} stands in {ids[organisation.id]} rows", "keep one of them"))
    for tenant in organisation.tenant_ids:
        others = sorted(owners[tenant] - {organisation.id})
        if others:
            problems.append(Problem("tenant_ids", f"{tenant} is claimed by {others[0]!r} too", "name it with one only"))
    return problems


def _report(
    line: int,
    organisation_id: str,
    organisation: Organisation | None,
    problems: Sequence[Problem],
    known: Mapping[str, Organisation],
) -> RowReport:
    if organisation is None or problems:
        return RowReport(line=line, id=organisation_id, outcome=Outcome.REFUSED, problems=tuple(problems))
    before = known.get(organisation.id)
    if before is None:
        return RowReport(line=line, id=organisation_id, outcome=Outcome.CREATED, organisation=organisation)
    changed = tuple(name for name in FIELDS if getattr(before, name) != getattr(organisation, name))
    outcome = Outcome.UPDATED if changed else Outcome.UNCHANGED
    return RowReport(line=line, id=organisation_id, outcome=outcome, organisation=organisation, changed=changed)
