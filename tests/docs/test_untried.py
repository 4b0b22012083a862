"""The page of what is untried has a row for whatever ships: what that is, is read off the source."""

import ast
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from envctl.domain.config.checks.kinds import KINDS
from envctl.domain.config.project import Artifact, State

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "untried.md").read_text()
ROWS = {
    match[1]: [cell.strip() for cell in match[2].split("|")]
    for match in re.finditer(r"^\| `([^`]+)` \|(.*)\|$", PAGE, re.MULTILINE)
}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCE = ROOT / "src" / "envctl"


def names(folder: Path, *, but: tuple[str, ...] = ()) -> set[str]:
    return {each.stem for each in folder.iterdir() if not each.name.startswith(("_", ".")) and each.stem not in but}


def literals(model: type, field: str) -> set[str]:
    return set(get_args(model.model_fields[field].annotation))  # type: ignore[attr-defined]


def services() -> set[str]:
    """What boto3 is asked for a client of, anywhere in the source."""
    asked = re.compile(r"""client\(\s*(?:session, |keys, )?"([a-z0-9-]+)\"""")
    texts = (each.read_text() for each in (SOURCE / "adapters").rglob("*.py") if "sandbox" not in each.parts)
    return {name for text in texts for name in asked.findall(text)}


def skips() -> set[str]:
    """The reasons with which tests skip, up to what is found out while they run."""
    found = set()
    # Each process of the tests collects this, and parsing takes long.
    calls = re.compile(r"pytest\.(mark\.skipif|skip)\(")
    texts = [text for file in (ROOT / "tests").rglob("*.py") if calls.search(text := file.read_text())]
    for text in texts:
        for call in ast.walk(ast.parse(text)):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and ast.unparse(call.func) in {"pytest.skip", "pytest.mark.skipif"}
            ):
                said = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "reason")][-1]
                first = said.values[0] if isinstance(said, ast.JoinedStr) else said
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value.rstrip(": "))
    return found


def platforms() -> set[str]:
    """Those that the dependencies tell apart, and those that the pages name."""
    told = " ".join(each for many in PYPROJECT["project"]["optional-dependencies"].values() for each in many)
    return set(re.findall(r"(?:sys_platform|platform_machine) [!=]= '(\w+)'", told))


SHIPPED = {
    "extra": set(PYPROJECT["project"]["optional-dependencies"]),
    "python": set(re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))),
    "state": literals(State, "backend"),
    "store": {"file", "s3"},
    "forge": names(SOURCE / "adapters" / "forge", but=("rest", "posts", "setting_requests")),
    "workflow": names(SOURCE / "workflows"),
    "module": names(ROOT / "modules"),
    "template": names(SOURCE / "templates", but=("every", "shipped")) | {"platform"},
    "check": set(KINDS),
    "artifact": literals(Artifact, "kind"),
    "aws": services(),
    "page:": {
        reason
        for page in (*(ROOT / "docs").rglob("*.md"), ROOT / "README.md")
        for reason in re.findall(r"<!-- not run: (.*?) -->", page.read_text())
    },
    "skip:": skips(),
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, several in SHIPPED.items() for name in sorted(several)]
)
def test_whatever_ships_has_a_row(kind: str, name: str) -> None:
    assert f"{kind} {name}" in ROWS


def test_no_kind_of_what_ships_is_empty() -> None:
    assert [kind for kind, several in SHIPPED.items() if not several] == []


@pytest.mark.parametrize("what", ROWS)
def test_each_row_stands_for_something_that_ships(what: str) -> None:
    kind, _, name = what.partition(" ")
    assert (
        kind not in SHIPPED
        or name in SHIPPED[kind]
        or what in {"aws single sign-on", "aws iam", "aws codebuild", "aws elastic load balancing"}
    )


@pytest.mark.parametrize("platform", sorted(platforms()))
def test_each_platform_of_a_dependency_has_a_row(platform: str) -> None:
    assert any(what.startswith("platform ") and platform in what for what in ROWS)


@pytest.mark.parametrize("what", ["action.yml", "Dockerfile", "terraform", "tofu"])
def test_what_stands_alone_has_a_row(what: str) -> None:
    assert what in ROWS


@pytest.mark.parametrize("what", ROWS)
def test_each_row_names_its_proof_or_says_never(what: str) -> None:
    ran, proof, _ = ROWS[what]
    assert ran
    if proof == "*never*":
        assert "*never*" in ran
        return
    assert (ROOT / proof.strip("`")).is_file(), proof


def test_the_page_can_be_found() -> None:
    assert "untried.md" in (ROOT / "mkdocs.yml").read_text()
    assert "untried.md" in (ROOT / "docs" / "index.md").read_text()
