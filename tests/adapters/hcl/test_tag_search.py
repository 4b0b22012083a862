"""The tags in the code of a module, as far as they are literal."""

import pytest

from envctl.adapters.hcl.tag_search import find_resource_tags
from envctl.domain.release.place.default_tags import COMPUTED, FromVariable, ResourceTags

ROLE = 'resource "aws_iam_role" "a" {\n  name = "a"\n  tags = %s\n}\n'
LOCALS = 'locals {\n  tags  = { Team = "web" }\n  outer = merge(local.tags, { Cost = "1" })\n  loop = local.loop\n}\n'

EXPRESSIONS = {
    '{ Environment = "x" }': ({"Environment": "x"}, (), True),
    '{ "a b" = var.size, C: upper("c") }': ({"a b": FromVariable("size"), "C": COMPUTED}, (), True),
    "var.tags": ({}, ("tags",), True),
    'merge(local.outer, var.tags, { X = "y" })': ({"Team": "web", "Cost": "1", "X": "y"}, ("tags",), True),
    "{ (var.key) = 1 }": ({}, (), False),
    "local.loop": ({}, (), False),
    "module.labels.tags": ({}, (), False),
    "{ for k, v in var.tags : k => v }": ({}, (), False),
    'var.on ? { A = "b" } : {}': ({}, (), False),
}


def search(files: dict[str, bytes], folder: str) -> tuple[ResourceTags, ...]:
    return find_resource_tags(files, {folder}, "aws_")[folder]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_tags_of_an_expression_are_found(text: str, expected: tuple[object, ...]) -> None:
    (found,) = search({"modules/web/main.tf": (LOCALS + ROLE % text).encode()}, "modules/web")
    assert (found.tags, found.variables, found.is_complete) == expected
    assert (found.type, found.location.line, found.is_called) == ("aws_iam_role", 8, False)


@pytest.mark.parametrize("key", ["count", "for_each"])
def test_resource_that_may_not_exist_is_left_out(key: str) -> None:
    code = ROLE.replace("name =", f"{key} = var.on\n  name =") % '{ A = "b" }'
    assert search({"main.tf": code.encode()}, ".") == ()


def test_called_modules_are_searched() -> None:
    call = 'module "x" {\n  source = "../inner"\n%s}\n'
    files = {"modules/inner/main.tf": (ROLE % '{ A = "b" }').encode(), "modules/web/main.tf": (call % "").encode()}
    (found,) = search(files, "modules/web")
    assert (str(found.location), found.is_called) == ("modules/inner/main.tf:3", True)
    files["modules/web/main.tf"] = (call % "  count = 0\n").encode()
    assert search(files, "modules/web") == ()
