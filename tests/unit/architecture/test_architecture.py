"""The house rules that a machine can check; every rule is shown to catch what it forbids."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from shared.domain import errors

ROOT = Path(__file__).parents[3]
Rule = Callable[[str, str], list[str]]
"""From a module's path, as the project writes it, and its text to what is wrong with it."""

FUNCTION_LINES_MAX, MODULE_LINES_MAX = 60, 500
VAGUE_NAMES = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
CLOCKS = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
DOORS = {"open", "print", "input", "exec", "eval"}
ADAPTERS = ("shared.storage", "shared.documents", "shared.partner_center")
APPLICATION_MAY = ("shared.domain", "shared.application", "shared.storage.ports", "shared.storage.names")
NEEDED_BY_USE_CASES = "shared.application.services"
"""Where use cases say what they need of the world: the one module of theirs that an adapter may know."""
GROUPS = ("functions.provision_tenant", "functions.sync_usage", "functions.billing_run", "functions.export")


def _within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _module(path: str) -> str:
    return ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything imported, lazily or not; of names out of a package, the name as well."""
    package = path.rsplit("/", 1)[0].split("/")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _names(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def imports_point_one_way(path: str, text: str) -> list[str]:
    """Functions -> application -> domain; adapters know the domain only; nothing product knows local."""
    mine = _module(path)
    return [
        f"{path}:{line}: {mine} imports {name}"
        for line, name in _imports(path, text)
        if _within(name, "shared", "functions", "local", "tests", "bench") and not _may_import(mine, name)
    ]


def _may_import(mine: str, name: str) -> bool:  # noqa: PLR0911 - one answer for each floor of the house
    if _within(mine, "tests", "bench"):
        return True
    if _within(mine, "local"):
        return not _within(name, "tests", "bench")
    if _within(mine, "shared.domain"):
        return _within(name, "shared.domain")
    if _within(mine, "shared.application"):
        return _within(name, *APPLICATION_MAY, "shared.storage.repositories")
    own = next((adapter for adapter in ADAPTERS if _within(mine, adapter)), None)
    if own is not None:
        return _within(name, own, "shared.domain", NEEDED_BY_USE_CASES)
    if _within(mine, "shared"):
        return _within(name, "shared")
    return _within(name, "shared", "functions") and _same_group(mine, name)


def _same_group(mine: str, name: str) -> bool:
    theirs = next((group for group in GROUPS if _within(name, group)), None)
    return theirs is None or mine == "function_app" or _within(mine, theirs)


def the_domain_needs_the_standard_library_only(path: str, text: str) -> list[str]:
    """The domain knows no package but itself, and the use cases no vendor's SDK."""
    if not path.startswith(("shared/domain/", "shared/application/")):
        return []
    foreign = {
        (line, name)
        for line, name in _imports(path, text)
        if name.split(".")[0] not in sys.stdlib_module_names and not _within(name, "shared")
    }
    return [f"{path}:{line}: imports {name}" for line, name in sorted(foreign)]


def money_never_meets_a_float(path: str, text: str) -> list[str]:
    """No float literal, ``float(``, ``round(`` or ``/`` where amounts are computed; only Fractions may be divided."""
    if not path.startswith(("shared/domain/", "shared/partner_center/source_files/")):
        return []
    divides_fractions = any(name == "fractions.Fraction" for _, name in _imports(path, text))
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append((node.lineno, f"the float {node.value}"))
        elif isinstance(node, ast.Call) and _names(node.func) in {"float", "round"}:
            found.append((node.lineno, f"{_names(node.func)}()"))
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and not divides_fractions:
            found.append((node.lineno, "a division that may round"))
    return [f"{path}:{line}: {what}" for line, what in sorted(found)]


def the_rules_have_no_clock_and_no_doors(path: str, text: str) -> list[str]:
    """Neither domain nor use cases read a clock; the domain opens nothing and prints nothing."""
    if not path.startswith(("shared/domain/", "shared/application/")):
        return []
    reads_clock = any(name.split(".")[0] == "time" for _, name in _imports(path, text))
    forbidden = (CLOCKS if reads_clock else CLOCKS - {"time"}) | (DOORS if path.startswith("shared/domain/") else set())
    return [
        f"{path}:{node.lineno}: calls {_names(node.func)}()"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _names(node.func) in forbidden
    ]


def modules_say_what_they_are_for(path: str, text: str) -> list[str]:
    """Every module begins with a docstring."""
    return [] if ast.get_docstring(ast.parse(text)) else [f"{path}:1: has no docstring"]


def functions_and_modules_stay_short(path: str, text: str) -> list[str]:
    """Sixty lines for a function's body, five hundred for a module."""
    lines = text.count("\n")
    long_module = [f"{path}: has {lines} lines"] if lines > MODULE_LINES_MAX else []
    return long_module + [
        f"{path}:{node.lineno}: {node.name} has {(node.end_lineno or 0) - node.body[0].lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno >= FUNCTION_LINES_MAX
    ]


def nothing_is_patched(path: str, text: str) -> list[str]:
    """Tests use the real thing, a simulator or an injected argument; never ``mock.patch`` or a patched attribute."""
    patched = [
        f"{path}:{node.lineno}: monkeypatch.{node.attr}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and _names(node.value) == "monkeypatch"
        and node.attr in {"setattr", "delattr"}
    ]
    mocks = [
        f"{path}:{line}: imports {name}"
        for line, name in _imports(path, text)
        if _within(name, "unittest.mock", "mock", "pytest_mock")
    ]
    return patched + mocks


def modules_have_names_that_say_something(path: str, text: str) -> list[str]:
    """No module or package for whatever has no place."""
    return [f"{path}: is named {part}" for part in PurePosixPath(path).with_suffix("").parts if part in VAGUE_NAMES]


_NOQA = re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.*")
_IGNORE = re.compile(r"# type: ignore\[[a-z-]+(, ?[a-z-]+)*\]  # \S.*")


def exceptions_to_rules_give_code_and_reason(path: str, text: str) -> list[str]:
    """``# noqa: CODE - reason`` and ``# type: ignore[code]  # reason``."""
    return [
        f"{path}:{token.start[0]}: {token.string}"
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
        and re.match(r"#\s*(noqa|type:\s*ignore)", token.string, re.IGNORECASE)
        and not (_NOQA.fullmatch(token.string) or _IGNORE.fullmatch(token.string))
    ]


RULES: list[Rule] = [
    imports_point_one_way,
    the_domain_needs_the_standard_library_only,
    money_never_meets_a_float,
    the_rules_have_no_clock_and_no_doors,
    modules_say_what_they_are_for,
    functions_and_modules_stay_short,
    nothing_is_patched,
    modules_have_names_that_say_something,
    exceptions_to_rules_give_code_and_reason,
]


def _modules() -> list[str]:
    folders = ("shared", "functions", "local", "tests", "bench")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in [*found, ROOT / "function_app.py"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    """Every module of the product, its tests and its benchmarks."""
    modules = _modules()
    broken = [problem for path in modules for problem in rule(path, (ROOT / path).read_text("utf-8"))]

    assert 50 < len(modules)
    assert [] == broken


DOC = '"""A module."""\n'
IN_DOMAIN, IN_USE_CASE, IN_TEST = "shared/domain/money.py", "shared/application/bill.py", "tests/unit/test_a.py"
BROKEN: list[tuple[Rule, str, str]] = [
    (imports_point_one_way, IN_DOMAIN, "from shared.application.runs import run"),
    (imports_point_one_way, IN_DOMAIN, "import shared.storage.ports"),
    (imports_point_one_way, IN_DOMAIN, "from ..storage import ports"),
    (imports_point_one_way, IN_DOMAIN, "def f():\n    from shared.storage import ports"),
    (imports_point_one_way, IN_USE_CASE, "from shared.storage.azure.clients import tables"),
    (imports_point_one_way, IN_USE_CASE, "from shared import storage"),
    (imports_point_one_way, IN_USE_CASE, "from shared.partner_center.source_files.reading import read_file"),
    (imports_point_one_way, IN_USE_CASE, "from shared.documents import workbook"),
    (imports_point_one_way, IN_USE_CASE, "from shared.bootstrap import services"),
    (imports_point_one_way, "shared/storage/ports.py", "from shared.application import runs"),
    (imports_point_one_way, "shared/storage/ports.py", "from shared.documents import workbook"),
    (imports_point_one_way, "shared/documents/book.py", "import functions.http"),
    (imports_point_one_way, "shared/partner_center/a.py", "import local"),
    (imports_point_one_way, "shared/bootstrap.py", "from local.demo import desk"),
    (imports_point_one_way, "functions/http.py", "from local import screen"),
    (imports_point_one_way, "functions/export/triggers.py", "from functions.billing_run.triggers import blueprint"),
    (imports_point_one_way, "functions/export/triggers.py", "from ..sync_usage import triggers"),
    (imports_point_one_way, "local/command.py", "import tests.conftest"),
    (the_domain_needs_the_standard_library_only, IN_DOMAIN, "import msgspec"),
    (the_domain_needs_the_standard_library_only, IN_USE_CASE, "from azure.data.tables import TableClient"),
    (money_never_meets_a_float, IN_DOMAIN, "X = 0.1"),
    (money_never_meets_a_float, IN_DOMAIN, "x = float('1')"),
    (money_never_meets_a_float, IN_DOMAIN, "x = round(y, 2)"),
    (money_never_meets_a_float, IN_DOMAIN, "x = a / b"),
    (money_never_meets_a_float, IN_DOMAIN, "x /= b"),
    (money_never_meets_a_float, "shared/partner_center/source_files/values.py", "x = builtins.float(y)"),
    (the_rules_have_no_clock_and_no_doors, IN_DOMAIN, "x = datetime.now(UTC)"),
    (the_rules_have_no_clock_and_no_doors, IN_DOMAIN, "x = date.today()"),
    (the_rules_have_no_clock_and_no_doors, IN_USE_CASE, "x = datetime.utcnow()"),
    (the_rules_have_no_clock_and_no_doors, IN_USE_CASE, "import time\n\nx = time.time()"),
    (the_rules_have_no_clock_and_no_doors, IN_DOMAIN, "open('a')"),
    (the_rules_have_no_clock_and_no_doors, IN_DOMAIN, "print(1)"),
    (modules_say_what_they_are_for, IN_DOMAIN, "x = 1"),
    (functions_and_modules_stay_short, IN_DOMAIN, DOC + "def f():\n" + "    x = 1\n" * 61),
    (functions_and_modules_stay_short, IN_DOMAIN, DOC + "async def f():\n" + "    x = 1\n" * 61),
    (functions_and_modules_stay_short, IN_DOMAIN, DOC + "x = 1\n" * 500),
    (nothing_is_patched, IN_TEST, "monkeypatch.setattr(a, 'b', 1)"),
    (nothing_is_patched, IN_TEST, "from unittest import mock"),
    (nothing_is_patched, IN_TEST, "from unittest.mock import patch"),
    (modules_have_names_that_say_something, "shared/domain/utils.py", DOC),
    (modules_have_names_that_say_something, "shared/common/money.py", DOC),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # noqa"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # noqa: E501"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # NOQA - because"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # type: ignore"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # type: ignore[arg-type]"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_each_rule_catches_what_it_forbids(rule: Rule, path: str, text: str) -> None:
    """A rule that can never fail is none."""
    assert rule(path, text)


KEPT: list[tuple[Rule, str, str]] = [
    (imports_point_one_way, IN_DOMAIN, "from decimal import Decimal\nfrom shared.domain.errors import InvalidError"),
    (
        imports_point_one_way,
        IN_USE_CASE,
        "from shared.storage.repositories.runs import Run\nimport shared.storage.ports",
    ),
    (imports_point_one_way, "shared/bootstrap.py", "from shared.documents import workbook"),
    (imports_point_one_way, "shared/documents/book.py", "from shared.application.services import Document"),
    (
        imports_point_one_way,
        "functions/export/triggers.py",
        "from functions.http import answer\nimport shared.bootstrap",
    ),
    (imports_point_one_way, "function_app.py", "from functions.export.triggers import blueprint"),
    (imports_point_one_way, "local/command.py", "import function_app, functions.http\nfrom local import screen"),
    (money_never_meets_a_float, IN_DOMAIN, "x = a // b\ny = 'a / b'\nz = 2"),
    (money_never_meets_a_float, "shared/documents/styles.py", "WIDTH = 8.5"),
    (the_rules_have_no_clock_and_no_doors, "shared/storage/clock.py", "x = datetime.now(UTC)"),
    (functions_and_modules_stay_short, IN_DOMAIN, DOC + "def f():\n" + "    x = 1\n" * 60),
    (nothing_is_patched, IN_TEST, "monkeypatch.setenv('PATH', '')"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # noqa: E501, D100 - a table reads row by row"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = 1  # type: ignore[arg-type]  # the library's own type"),
    (exceptions_to_rules_give_code_and_reason, IN_DOMAIN, "x = '# noqa'"),
]


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_no_rule_forbids_what_is_meant(rule: Rule, path: str, text: str) -> None:
    """What the house does on purpose passes."""
    assert [] == rule(path, text)


def _drawn_tree(drawing: str) -> dict[str, str]:
    """Return the parent of each error in the drawing, by the depth at which it stands."""
    parents, path = {}, []
    for line in drawing.splitlines():
        found = re.match(r"^(\s*(?:[|`]?\s{0,3})*(?:[|`]-- )?)([A-Z]\w+Error)\b", line)
        if found is None:
            continue
        depth = found.end(1) // 4 - 1
        del path[depth:]
        parents[found[2]] = path[-1] if path else "Exception"
        path.append(found[2])
    return parents


def test_the_drawn_error_tree_is_the_tree_of_classes() -> None:
    """Every class of the module stands in the drawing, below its own base."""
    text = Path(errors.__file__).read_text("utf-8")
    classes = {node.name: _names(node.bases[0]) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}

    assert classes == _drawn_tree(errors.__doc__ or "")


def test_an_error_drawn_in_the_wrong_place_would_be_noticed() -> None:
    """Depth tells the parent."""
    drawing = "    RootError\n    |-- OneError     why\n    |   `-- TwoError\n    `-- SixError\n        `-- TenError\n"

    assert {
        "RootError": "Exception",
        "OneError": "RootError",
        "TwoError": "OneError",
        "SixError": "RootError",
        "TenError": "SixError",
    } == _drawn_tree(drawing)
