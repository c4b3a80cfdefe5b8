"""Route templates match as ASP.NET's do."""

import pytest

from local.functions_host.routes import parse_route, split_path
from shared.domain.errors import InvalidError


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("a/b", "/A/B/", {}),
        ("a/{x}", "/a/One", {"x": "One"}),
        ("a/{x}", "/a", None),
        ("a/{x?}", "/a", {}),
        ("a/{x=def}", "/a", {"x": "def"}),
        ("a/{x=def}", "/a/1", {"x": "1"}),
        ("a/{x:int}", "/a/12", {"x": "12"}),
        ("a/{x:int}", "/a/12b", None),
        ("a/{x:int?}", "/a", {}),
        ("a/{x:guid}", "/a/7d1b4c9e-1111-2222-3333-444455556666", {"x": "7d1b4c9e-1111-2222-3333-444455556666"}),
        ("a/{*rest}", "/a/b/c", {"rest": "b/c"}),
        ("a/{*rest}", "/a", {}),
        ("a/{name}.csv", "/a/may.csv", {"name": "may"}),
        ("a/{name}.csv", "/a/may.xlsx", None),
        ("a/{x}", "/a/b%20c%2Fd", {"x": "b c%2Fd"}),
        ("a", "/a/b", None),
    ],
)
def test_a_template_fits_a_path_or_not(template: str, path: str, values: dict[str, str] | None) -> None:
    """Parameters are decoded, optional ones may be missing, and case of literals does not count."""
    route = parse_route(template, where="function f")

    assert values == route.match(split_path(path))


def test_literals_beat_parameters_and_a_catch_all_comes_last() -> None:
    """The more a template says, the earlier it is asked."""
    templates = ["{*rest}", "a/{x}", "a/{x:int}", "a/{x}.csv", "a/b"]

    ordered = sorted((parse_route(one, where="f") for one in templates), key=lambda route: route.ranks)

    assert [route.template for route in ordered] == ["a/b", "a/{x}.csv", "a/{x:int}", "a/{x}", "{*rest}"]


@pytest.mark.parametrize("template", ["a/{", "{*rest}/a", "{x?}/a", "{x}/{X}", "{x:int:min(1)}"])
def test_a_template_that_means_nothing_is_refused(template: str) -> None:
    """Braces, order and constraints are checked at start and not by a lost request."""
    with pytest.raises(InvalidError, match="function f: route"):
        parse_route(template, where="function f")
