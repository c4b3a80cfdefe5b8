"""How good the tests of the arithmetic are: every small change to its code has to make a test fail.

Runs mutmut over the modules that ``[tool.mutmut]`` in pyproject.toml names, in a copy of the tree, and prints the
figures and what survived. The exit code is 1 where a survivor is not explained in docs/mutation-testing.md.

mutmut leaves decorated functions alone, so in the copy a property is made by an assignment below its function, and a
memory (``lru_cache``) is left out: it would answer for the code that was changed.
"""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".prorata" / "mutation"
DOCUMENT = ROOT / "docs" / "mutation-testing.md"
COPIED = ("function_app.py", "functions", "host.json", "local", "pyproject.toml", "shared", "tests")
NOTICED = {"killed", "timeout"}
"""A change that makes a loop endless is noticed as well as one that fails a test."""
MEMORIES = {"lru_cache", "cache"}
MUTABLE_AS_THEY_ARE = {"classmethod", "staticmethod"}

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    """Run everything anew; return the exit code."""
    scope = copy_tree()
    for path in scope:
        path.write_text(without_decorators(path.read_text("utf-8")), "utf-8")
    print(f"changing {len(scope)} modules in {WORK.relative_to(ROOT)}; takes some minutes", flush=True)
    run = _mutmut("run")
    if run.returncode:
        print((run.stdout + run.stderr).replace("\r", "\n")[-3000:])
        return 1
    return report(_mutmut("results", "--all", "true").stdout)


def copy_tree() -> list[Path]:
    """Copy what the tests need into the work folder, and return the copies of the modules to change."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, WORK / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, WORK / name)
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]["only_mutate"]
    return sorted(path for pattern in patterns for path in WORK.glob(pattern))


def without_decorators(source: str) -> str:
    """Return the module with its functions' decorators as assignments below them, and without memories."""
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, _Function)]
    for function in sorted(functions, key=lambda each: each.lineno, reverse=True):  # from below: line numbers stay
        for decorator in function.decorator_list:
            written = ast.unparse(decorator)
            if written in MUTABLE_AS_THEY_ARE:
                continue
            if written.partition("(")[0] not in MEMORIES:
                below = f"{' ' * function.col_offset}{function.name} = {written}({function.name})"
                lines.insert(function.end_lineno or 0, below)
            lines[decorator.lineno - 1] = ""
    return "\n".join(lines) + "\n"


def report(results: str) -> int:
    """Print the figures by module and the survivors; return 1 where the document does not explain them all."""
    found = dict(re.findall(r"^\s*(\S+__mutmut_\d+): (.+?)\s*$", results, re.MULTILINE))
    lived = [name for name, status in found.items() if status not in NOTICED]
    totals, survivors = Counter(map(module_of, found)), Counter(map(module_of, lived))
    print("| module | mutants | survive |\n|---|---|---|")
    for module, total in sorted(totals.items()):
        print(f"| `{module}` | {total:,} | {survivors[module] or ''} |")
    print(f"| all | {len(found):,} | {len(lived):,} |")
    for name in lived:
        print(f"  {name}: {found[name]}")
    return compare(Counter(map(function_of, lived)))


def compare(found: Counter[str]) -> int:
    """Print how the survivors by function differ from those that the document explains; return 1 for new ones."""
    text = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else ""
    rows = re.findall(r"^\| `([\w.]+(?<!\.py))` \| (\d+) \|", text, re.MULTILINE)
    explained: Counter[str] = Counter()
    for name, count in rows:
        explained[name] += int(count)
    for name, count in sorted((found - explained).items()):
        print(f"not explained in {DOCUMENT.relative_to(ROOT)}: {count} of {name}")
    for name, count in sorted((explained - found).items()):
        print(f"explained, but no longer there: {count} of {name}")
    return 1 if found - explained else 0


def module_of(mutant: str) -> str:
    """Return ``prices/book.py`` for ``shared.domain.prices.book.xǁPriceBookǁfind__mutmut_3``."""
    return mutant.removeprefix("shared.domain.").rpartition(".")[0].replace(".", "/") + ".py"


def function_of(mutant: str) -> str:
    """Return ``prices.book.PriceBook.find`` for ``shared.domain.prices.book.xǁPriceBookǁfind__mutmut_3``."""
    name = mutant.removeprefix("shared.domain.").rpartition("__mutmut_")[0]
    module, _, function = name.rpartition(".")
    return f"{module}.{function.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def _mutmut(*command: str) -> subprocess.CompletedProcess[str]:
    told = [sys.executable, "-m", "mutmut", *command]
    return subprocess.run(told, cwd=WORK, check=False, capture_output=True, encoding="utf-8")  # noqa: S603 - our own


if __name__ == "__main__":
    sys.exit(main())
