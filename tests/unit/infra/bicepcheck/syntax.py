"""Reads Bicep files into declarations, so that the checks speak of parameters and modules instead of tree nodes.

Invariants: reading never fails; what cannot be parsed becomes a finding of ``syntax_findings``.

Not here: what an expression is worth (see ``values``) and what is allowed (see ``names``, ``policies``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

DECLARATIONS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}
SEPARATED = ("object", "array")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where, which rule, and what."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.rule} {self.message}"


@dataclass(frozen=True)
class Declaration:
    """One param, var, resource, module or output; *type* is Bicep's type, or the quoted string after the symbol."""

    kind: str
    name: str
    type: str
    node: Node
    value: Node | None
    decorators: tuple[Node, ...]

    @property
    def is_existing(self) -> bool:
        """Whether a resource is only looked up, not made."""
        return any(child.type == "existing" for child in self.node.children)

    @property
    def line(self) -> int:
        """The line of the declaration, from 1."""
        return self.node.start_point[0] + 1


@dataclass(frozen=True)
class Template:
    """One Bicep file."""

    path: Path
    name: str
    root: Node
    declarations: tuple[Declaration, ...]

    def of(self, kind: str) -> dict[str, Declaration]:
        """The declarations of one kind by name."""
        return {one.name: one for one in self.declarations if one.kind == kind}

    def find(self, name: str) -> Declaration | None:
        """The declaration that an expression means by *name*; outputs cannot be meant."""
        return next((one for one in self.declarations if one.name == name and one.kind != "output"), None)

    def finding(self, node: Node, rule: str, message: str) -> Finding:
        """A finding at *node*."""
        return Finding(self.name, node.start_point[0] + 1, rule, message)

    @property
    def target_scope(self) -> str:
        """What the file is deployed to; a resource group unless it says otherwise."""
        for node in self.root.children:
            if node.type == "target_scope_assignment":
                return text(node.named_children[-1]).strip("'")
        return "resourceGroup"


def text(node: Node | None) -> str:
    """The source text of *node*."""
    return (node.text or b"").decode() if node else ""


def walk(node: Node) -> Iterator[Node]:
    """*node* and everything below it, top down."""
    yield node
    for child in node.children:
        yield from walk(child)


def properties(node: Node | None) -> dict[str, Node]:
    """The values of an object literal by key; a key with an expression keeps its source text."""
    pairs = (child for child in (node.named_children if node else ()) if child.type == "object_property")
    return {text(pair.named_children[0]).strip("'"): pair.named_children[-1] for pair in pairs}


def body(declaration: Declaration) -> Node | None:
    """The object of a resource or module, inside its loop and condition."""
    node = declaration.value
    while node is not None and node.type in {"for_statement", "if_statement"}:
        node = node.child_by_field_name("body") or node.named_children[-1]
    return node


def _declaration(node: Node, decorators: tuple[Node, ...]) -> Declaration:
    parts = [child for child in node.named_children if child.type != "comment"]
    kind = DECLARATIONS[node.type]
    typed = next((part for part in parts[1:] if part.type == "type"), None)
    if kind in {"resource", "module"}:
        typed = next((part for part in parts[1:] if part.type == "string"), None)
    after = [part for part in parts[1:] if part != typed and not part.is_error]
    return Declaration(kind, text(parts[0]), text(typed).strip("'"), node, after[-1] if after else None, decorators)


def read(path: Path, root: Path) -> Template:
    """Read one file; *root* shortens its name in findings."""
    tree = Parser(Language(tree_sitter_bicep.language())).parse(path.read_bytes())
    found: list[Declaration] = []
    decorators: tuple[Node, ...] = ()
    for node in tree.root_node.children:
        if node.type == "decorators":
            decorators = tuple(child for child in node.named_children if child.type == "decorator")
        elif node.type in DECLARATIONS and node.named_children:
            found.append(_declaration(node, decorators))
            decorators = ()
    return Template(path, path.relative_to(root).as_posix(), tree.root_node, tuple(found))


def read_all(root: Path) -> tuple[Template, ...]:
    """Read every Bicep file below *root*."""
    return tuple(read(path, root) for path in sorted(root.rglob("*.bicep")))


def syntax_findings(template: Template) -> Iterator[Finding]:
    """What the parser refuses, and members of an object or array with nothing between them."""
    for node in walk(template.root):
        if node.is_error or node.is_missing:
            yield template.finding(node, "SYNTAX", f"cannot be parsed near {text(node)[:40]!r}")
        if node.type in SEPARATED:
            yield from _unseparated(template, node)
    for one, two in pairwise(template.root.children):
        if one.end_point[0] == two.start_point[0] and two.type != "comment":
            yield template.finding(two, "SYNTAX", "two statements on one line")


def _unseparated(template: Template, node: Node) -> Iterator[Finding]:
    children = [child for child in node.children if child.type != "comment"]
    for one, two in pairwise(children[1:-1]):
        if "," not in (one.type, two.type) and one.end_point[0] == two.start_point[0]:
            yield template.finding(two, "SYNTAX", f"a comma or new line is missing before {text(two)[:30]!r}")
