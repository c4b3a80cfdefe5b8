"""The templates in ``infra``, checked offline: nothing here compiles or deploys them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bicepcheck import azure_types as azure
from bicepcheck.check import FACTS, findings_of, resources_of, templates_of
from bicepcheck.syntax import Declaration, text
from bicepcheck.values import Expression

from shared.storage.limits import LINK_DAYS_MAX


def test_templates_have_no_finding(infra: Path) -> None:
    """Syntax, names, modules, properties and policies are all in order."""
    found = [str(one) for one in findings_of(infra)]

    assert found == []


def test_templates_fit_azures_own_types(infra: Path, azure_types: Mapping[str, Any]) -> None:
    """Every property exists in Azure's definition of the type, may be set, and holds what Azure takes."""
    found = [str(one) for one in findings_of(infra, azure_types)]

    assert found == []


def test_facts_name_only_types_that_are_used(infra: Path) -> None:
    """A version that is no longer deployed leaves the list of facts."""
    used = {one.type for template in templates_of(infra).values() for one in template.of("resource").values()}

    assert set(json.loads(FACTS.read_text("utf-8"))) == used


def test_facts_name_only_properties_that_are_used(infra: Path) -> None:
    """A fact that nothing relies on any more leaves the list."""
    facts = json.loads(FACTS.read_text("utf-8"))
    sources = "\n".join(path.read_text("utf-8") for path in infra.rglob("*.bicep"))
    unused = [
        f"{kind} {path}"
        for kind, fact in facts.items()
        for path in (*fact["properties"], *fact.get("reads", ()))
        if path.rpartition(".")[2] not in sources
    ]

    assert unused == []


def test_facts_agree_with_azures_own_types(azure_types: Mapping[str, Any]) -> None:
    """Each property on the list of facts is one of Azure's, and each listed value one that Azure takes."""
    facts = json.loads(FACTS.read_text("utf-8"))
    wrong = [
        f"{kind} {path}: {message}"
        for kind, fact in facts.items()
        for path, allowed in fact["properties"].items()
        for value in (allowed if isinstance(allowed, list) else [Expression("any")])
        for message in azure.misfits(
            _nested(path, value, kind), str(azure_types[kind]["body"]), azure_types[kind]["types"], ""
        )
        if not message.endswith("is missing")
    ]

    assert wrong == []


def _nested(path: str, value: Any, kind: str) -> dict[str, Any]:
    """An object that holds *value* at *path*, with the name that a type chosen by its name needs."""
    inner = value
    for step in reversed(path.split(".")):
        inner = {step.removesuffix("[]"): [inner] if step.endswith("[]") else inner}
    chosen = {
        "Microsoft.Web/sites/config": "appsettings",
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "ftp",
    }
    name = chosen.get(kind.partition("@")[0])
    return {**({"name": name} if name else {}), **inner}


def test_no_template_goes_unused(infra: Path) -> None:
    """Every template is the main one or called by another."""
    templates = templates_of(infra)
    called = {one.type for template in templates.values() for one in template.of("module").values()}

    assert set(templates) == called | {"main.bicep"}


def test_exports_alone_have_a_rule_that_deletes(infra: Path) -> None:
    """Downloads go after some days; billing data and the host's own blobs never do."""
    rules = [one for one in resources_of(infra) if one.kind.endswith("/managementPolicies")]
    definition = rules[0].get("properties.policy")["rules"][0]["definition"]

    assert [one.module for one in rules] == ["exportStorage"]
    assert definition["filters"]["prefixMatch"] == ["exports/"]
    assert definition["actions"]["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": 30}


def test_links_end_before_their_blob_is_deleted(infra: Path) -> None:
    """The longest link is one that the code can sign, and ends before the file can be gone."""
    parameters = templates_of(infra)["main.bicep"].of("param")
    link_hours_max = _bound(parameters["linkHours"], "maxValue")

    assert link_hours_max == LINK_DAYS_MAX * 24
    assert link_hours_max < _bound(parameters["exportRetentionDays"], "minValue") * 24


def _bound(parameter: Declaration, decorator: str) -> int:
    found = (re.fullmatch(rf"@{decorator}\((\d+)\)", text(one)) for one in parameter.decorators)
    return next(int(match[1]) for match in found if match)
