"""Each file of rules names the Go sources of Kubernetes that it was translated from."""

from pathlib import Path

import pytest

from kube_api_emulator.versions import RULES_TAG, RULES_VERSION
from tools.check_sources import (
    KUBERNETES,
    SERVER,
    STAGED,
    TAGS,
    Source,
    find_problem,
    find_wrong_tags,
    list_files,
    read_sources,
)

NAMED = list(list_files())


def write_docstring(paragraph: str) -> str:
    return f'"""Pods.\n\n{paragraph}\n"""\n'


@pytest.mark.parametrize("path", NAMED, ids=lambda path: str(path.relative_to(SERVER)))
def test_file_of_rules_names_its_sources(path: Path) -> None:
    for source in read_sources(path.read_text(encoding="utf-8")):
        assert source.tag == TAGS[source.module]


def test_tag_belongs_to_the_version_of_rules() -> None:
    assert RULES_TAG.startswith(f"v{RULES_VERSION}.")


def test_source_may_have_lines_and_several_modules() -> None:
    text = write_docstring("Source: a.io/a v1.2.3, pkg/a.go (A,\nb), pkg/b-c.go (C); b.io/b/v6 v6.0.0, d.go (D).")
    assert read_sources(text) == [
        Source("a.io/a", "v1.2.3", "pkg/a.go", ("A", "b")),
        Source("a.io/a", "v1.2.3", "pkg/b-c.go", ("C",)),
        Source("b.io/b/v6", "v6.0.0", "d.go", ("D",)),
    ]


def test_helper_has_no_source() -> None:
    assert read_sources(write_docstring("Source: none; this is a helper of controllers/loop.py.")) == []


@pytest.mark.parametrize(
    "paragraph",
    [
        "",
        "Source: none.",
        "Source: a.io/a, a.go (A).",
        "Source: a.io/a v1.2.3, a.go.",
        "Source: a.io/a v1.2.3, a.go ().",
    ],
)
def test_source_of_another_form_is_refused(paragraph: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_sources(write_docstring(paragraph))


def test_missing_file_and_function_are_found(tmp_path: Path) -> None:
    source = Source("a.io/a", "v1.2.3", "a.go", ("Check", "check", "Kind", "Most", "gone"))
    assert find_problem(source, tmp_path) == "a.io/a@v1.2.3/a.go not found"
    path = tmp_path / "a.io" / "a@v1.2.3" / "a.go"
    path.parent.mkdir(parents=True)
    path.write_text("func Check() {}\nfunc (s *Store) check() {}\ntype Kind int\nconst (\n\tMost = 1\n)\n")
    assert find_problem(source, tmp_path) == "a.io/a@v1.2.3/a.go does not declare gone"


def test_other_modules_have_the_tags_of_kubernetes(tmp_path: Path) -> None:
    path = tmp_path / f"{KUBERNETES}@{RULES_TAG}" / "go.mod"
    path.parent.mkdir(parents=True)
    required = {module: tag for module, tag in TAGS.items() if module != KUBERNETES and module not in STAGED}
    path.write_text("".join(f"\t{module} {tag}\n" for module, tag in required.items()))
    assert list(find_wrong_tags(tmp_path)) == []
    path.write_text("")
    assert len(list(find_wrong_tags(tmp_path))) == len(required)
