"""The whole check of a folder of templates, offline. It reads; it is no compiler and asks Azure nothing.

Not checked: arguments of functions, regions, quotas, SKUs, and anything that Azure decides while deploying.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import azure_types, facts, names, policies, syntax, values
from .syntax import Finding, Template

FACTS = Path(__file__).with_name("facts.json")
MAIN = "main.bicep"


def templates_of(infra: Path) -> dict[str, Template]:
    """Every template below *infra* by its path there."""
    return {one.name: one for one in syntax.read_all(infra)}


def resources_of(infra: Path) -> tuple[values.Resource, ...]:
    """Every resource that ``main.bicep`` would create, with the defaults of its parameters."""
    return tuple(values.expand(templates_of(infra), MAIN, {}, "main"))


def findings_of(infra: Path, types: Mapping[str, Any] | None = None) -> list[Finding]:
    """All that is wrong with the templates below *infra*; *types* are Azure's own definitions, if at hand."""
    templates = templates_of(infra)
    found = {
        one
        for template in templates.values()
        for one in (*syntax.syntax_findings(template), *names.file_findings(template))
    }
    if not found:
        found = set(_file_findings(templates)) | set(_resource_findings(templates, types))
    return sorted(found)


def _file_findings(templates: Mapping[str, Template]) -> Iterator[Finding]:
    known = json.loads(FACTS.read_text("utf-8"))
    for template in templates.values():
        yield from names.symbol_findings(template)
        yield from names.module_findings(template, templates)
        yield from names.default_findings(template, templates)
        yield from names.member_findings(template)
        yield from names.abbreviation_findings(template)
        yield from facts.existing_findings(template, known)
        yield from facts.read_findings(template, known)
        yield from policies.text_findings(template)


def _resource_findings(templates: Mapping[str, Template], types: Mapping[str, Any] | None) -> Iterator[Finding]:
    known = json.loads(FACTS.read_text("utf-8"))
    made = tuple(values.expand(templates, MAIN, {}, "main"))
    for one in made:
        yield from facts.resource_findings(one, known)
        yield from policies.resource_findings(one)
        if types is not None:
            yield from azure_types.type_findings(one, types)
    yield from policies.whole_findings(made, templates[MAIN])
