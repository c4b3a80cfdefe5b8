"""What the README promises exists, and what exists is in the README."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.command import _parser
from local.functions_host.index import index_app
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [path for path in sorted(ROOT.glob("**/*.md")) if not {".venv", ".prorata"} & set(path.parts)]
DOCUMENTED_ELSEWHERE = {"--help", "--port", "--key"}


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


def test_every_option_of_the_command_is_in_the_readme() -> None:
    """An option nobody can find is no option."""
    options = {
        option for parser in parsers(_parser()) for action in parser._actions for option in action.option_strings
    }
    long = {option for option in options if option.startswith("--")} - DOCUMENTED_ELSEWHERE

    assert {option for option in long if f"`{option}" not in README and f"{option} " not in README} == set()


def test_every_http_route_is_in_the_readme() -> None:
    """The table of calls is complete, apart from the second way to upload, and names nothing that is not there."""
    schedules = {f"PRORATA_{name.upper()}": str(field.default) for name, field in Settings.model_fields.items()}
    index = index_app(ROOT, schedules)
    routes = {
        f"{method} /api/{function.trigger.route}"
        for function in index.functions
        if hasattr(function.trigger, "route")
        for method in function.trigger.methods
    }
    shown = set(re.findall(r"`((?:GET|PUT|POST|DELETE) /api/[^`]+)`", README))

    assert routes - shown == {"POST /api/source-files/{period}/{name}"}
    assert shown - routes == set()


def test_every_make_target_of_the_readme_exists() -> None:
    """`make X` in the README is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", README))

    assert named <= targets | {"that"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/adr/*.md")), ids=lambda path: path.stem)
def test_a_decision_is_short_and_names_its_check(path: Path) -> None:
    """At most 60 lines: context, decision, alternatives, and what enforces it."""
    text = path.read_text("utf-8")

    assert len(text.splitlines()) <= 60
    for part in ("Context", "Decision", "Alternatives", "heck"):
        assert part in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """A relative link in a document points at a file that is there."""
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text("utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


MUTATION = (ROOT / "docs" / "mutation-testing.md").read_text("utf-8")


def mutated_modules() -> list[Path]:
    """The modules that ``make mutation`` changes."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]["only_mutate"]
    found = [sorted(ROOT.glob(pattern)) for pattern in patterns]

    assert all(found)
    return [path for paths in found for path in paths if "def " in path.read_text("utf-8")]


def test_mutation_testing_is_told_for_every_module() -> None:
    """A module that comes into the scope needs its figures, and one that leaves it must not be claimed."""
    modules = {path.relative_to(ROOT / "shared" / "domain").as_posix() for path in mutated_modules()}

    assert modules == set(re.findall(r"^\| `([\w/]+\.py)` \|", MUTATION, re.MULTILINE))


def test_survivors_of_mutation_testing_are_explained_for_functions_that_exist() -> None:
    """Each row names a function of a module in the scope, and says why."""
    rows = re.findall(r"^\| `([\w.]+(?<!\.py))` \| \d+ \| (.*) \|$", MUTATION, re.MULTILINE)
    names = {
        f"{path.relative_to(ROOT / 'shared' / 'domain').with_suffix('')}".replace("/", ".")
        for path in mutated_modules()
    }
    texts = {name: (ROOT / "shared" / "domain" / f"{name.replace('.', '/')}.py").read_text("utf-8") for name in names}

    for row, why in rows:
        module = max((name for name in names if row.startswith(f"{name}.")), key=len, default="")
        assert f"def {row.rpartition('.')[2]}(" in texts.get(module, ""), row
        assert why, row
