"""What became of a release on the way to another one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import Location
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import Marker
from envctl.domain.release.artifacts import ArtifactPair, pair_artifacts
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.comparison.changes import PartChange, ReleaseChanges, VariableDeclaration, compare_releases
from envctl.domain.release.comparison.distance import count_releases_behind, is_older_release, list_releases_between
from envctl.domain.release.comparison.file_changes import FileChange, list_module_changes
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.variables import Variable

SECRET = "hunter2-correct-horse"


def variable(name: str, type_text: str = "string", **more: object) -> Variable:
    fields = {"has_default": False, "default": None, "nullable": True, "sensitive": False, "description": "", **more}
    return Variable(name=name, type_text=type_text, location=Location("main.tf", 1), **fields)  # type: ignore[arg-type]


WIRING = Wiring(
    project="shop",
    terraform=">= 1.10",
    stacks={
        "network": StackWiring(module="modules/vpc"),
        "web": StackWiring(module="modules/web", inputs={"subnet": "network.subnet"}),
    },
    artifacts={"image": "shop@sha256:1"},
    schema={"network": (variable("cidr"),), "web": (variable("size", "number"),)},
    outputs={"network": {"subnet": False}, "web": {"url": False}},
)
FILES = {
    "modules/vpc/main.tf": File(b"a\nb\nc\n"),
    "modules/web/main.tf": File(b"one\n"),
    "modules/web/templates/user_data.sh": File(b"#!/bin/sh\n"),
}
RELEASE = Release(WIRING, FILES)
LOCK = b'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.1.0"\n  hashes = ["h1:a"]\n}\n'


def with_files(changed: Mapping[str, File | None]) -> Release:
    files = {**FILES, **changed}
    return Release(WIRING, {path: file for path, file in files.items() if file is not None})


def wired(**changes: object) -> Release:
    return replace(RELEASE, wiring=replace(WIRING, **changes))  # type: ignore[arg-type]


VPC, WEB = "modules/vpc", "modules/web"
FILE_CHANGES: dict[str, tuple[str, str, File | None, Any, dict[str, Any]]] = {
    "lines that came and went are counted": (
        VPC,
        "main.tf",
        File(b"a\nB\nc\nd\n"),
        "changed",
        {"added": 2, "removed": 1},
    ),
    "a new file is all new": (VPC, "more.tf", File(b"a\nb\n"), "added", {"added": 2}),
    "a lost file": (VPC, "main.tf", None, "removed", {"removed": 3}),
    "a line that begins with dashes is a line": (
        VPC,
        "main.tf",
        File(b"a\nb\nc\n--- x\n+++ y\n"),
        "changed",
        {"added": 2},
    ),
    "a missing end of the last line is a change": (WEB, "main.tf", File(b"one"), "changed", {"added": 1, "removed": 1}),
    "other ends of lines are a change": (WEB, "main.tf", File(b"one\r\n"), "changed", {"added": 1, "removed": 1}),
    "what is no text is named": (WEB, "main.tf", File(b"\xff\xfe"), "changed", {"binary": True}),
    "nor is what holds a NUL": (WEB, "logo", File(b"a\0b"), "added", {"binary": True}),
    "an empty file": (WEB, "empty", File(b""), "added", {}),
    "a file may become executable": (WEB, "templates/user_data.sh", File(b"#!/bin/sh\n", executable=True), "mode", {}),
    "a module within a module is one of its own": (
        "modules/web/inner",
        "main.tf.json",
        File(b"{}\n"),
        "added",
        {"added": 1},
    ),
    "a file beside all modules": ("shared", "note", File(b"x\n"), "added", {"added": 1}),
}


@pytest.mark.parametrize(("module", "name", "file", "how", "more"), FILE_CHANGES.values(), ids=FILE_CHANGES.keys())
def test_file_changes_are_listed(module: str, name: str, file: File | None, how: Any, more: dict[str, Any]) -> None:
    (found,) = list_module_changes(RELEASE, with_files({f"{module}/{name}": file}))
    assert (found.module, found.files) == (module, (FileChange(f"{module}/{name}", how, **more),))


def test_module_change_names_stacks_of_both_releases() -> None:
    newer = replace(
        with_files({"modules/web/main.tf": File(b"two\n")}),
        wiring=replace(WIRING, stacks={**WIRING.stacks, "jobs": StackWiring(module="modules/web")}),
    )
    assert [module.stacks for module in list_module_changes(RELEASE, newer)] == [("web", "jobs")]
    assert [module.stacks for module in list_module_changes(newer, RELEASE)] == [("web", "jobs")]


def test_patch_is_included_only_on_request() -> None:
    newer = with_files({"modules/vpc/main.tf": File(b"a\nB\nc"), "modules/web/main.tf": File(b"\xff")})
    vpc, web = list_module_changes(RELEASE, newer, patch=True)
    assert vpc.files[0].patch == ("@@ -1,3 +1,3 @@", " a", "-b", "-c", "+B", "+c", "\\ No newline at end of file")
    assert web.files[0].patch == ()
    assert list_module_changes(RELEASE, newer)[0].files[0].patch == ()


TEXTS = st.lists(st.sampled_from(["", "a", "b", "-- a", "++ b", "@@"]), max_size=6).map("\n".join)


@given(TEXTS, TEXTS)
def test_patch_counts_match_added_and_removed_lines(before: str, after: str) -> None:
    older, newer = (with_files({"modules/vpc/main.tf": File(text.encode())}) for text in (before, after))
    files = [file for module in list_module_changes(older, newer, patch=True) for file in module.files]
    assert bool(files) == (before != after)
    for file in files:
        assert file.added - file.removed == lines(after) - lines(before)
        signs = [line[0] for line in file.patch]
        assert (signs.count("+"), signs.count("-")) == (file.added, file.removed)
        came, went = ({line[1:] for line in file.patch if line[0] == sign} for sign in "+-")
        assert came <= set(after.split("\n"))
        assert went <= set(before.split("\n"))


def lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def typed(type_: str, **more: object) -> VariableDeclaration:
    fields = {"required": True, "default": None, "sensitive": False, "nullable": True, **more}
    return VariableDeclaration(type_, **fields)  # type: ignore[arg-type]


def declaring(*variables: Variable) -> Release:
    return wired(schema={**WIRING.schema, "web": variables})


AWS, STACKS, SENSITIVE = "registry.terraform.io/hashicorp/aws", WIRING.stacks, Marker.SENSITIVE
LOCKED = RELEASE.with_lock(LOCK)
Parts = dict[str, tuple[PartChange, ...]]


def lists(older: Release, newer: Release, **expected: tuple[PartChange, ...]) -> tuple[Release, Release, Parts]:
    return older, newer, expected


PARTS = {
    "nothing": lists(RELEASE, RELEASE),
    "a stack that came, without all that it declares": lists(
        RELEASE,
        wired(
            stacks={**STACKS, "jobs": StackWiring(module="modules/jobs", inputs={"a": "web.url"})},
            schema={**WIRING.schema, "jobs": (variable("queue"),)},
            outputs={**WIRING.outputs, "jobs": {"name": False}},
        ),
        wiring=(PartChange("stack jobs", None, "modules/jobs"),),
    ),
    "a stack that went": lists(
        RELEASE, wired(stacks={"network": STACKS["network"]}), wiring=(PartChange("stack web", "modules/web", None),)
    ),
    "another module of a stack": lists(
        RELEASE,
        wired(stacks={**STACKS, "network": StackWiring(module="modules/vpc2")}),
        wiring=(PartChange("stack network", "modules/vpc", "modules/vpc2"),),
    ),
    "another input": lists(
        RELEASE,
        wired(stacks={**STACKS, "web": StackWiring(module="modules/web", inputs={"subnet": "network.other"})}),
        wiring=(PartChange("web.subnet", "network.subnet", "network.other"),),
    ),
    "another order": lists(
        RELEASE,
        wired(stacks=dict(list(STACKS.items())[::-1])),
        wiring=(PartChange("order of stacks", ["network", "web"], ["web", "network"]),),
    ),
    "a Terraform": lists(RELEASE, wired(terraform=">= 1.12"), wiring=(PartChange("terraform", ">= 1.10", ">= 1.12"),)),
    "a key of a provider, but never its value": lists(
        wired(providers={"github": {"owner": "a", "token": SECRET}}),
        wired(providers={"github": {"owner": "a", "token": SECRET + "!", "app": True}}),
        wiring=(
            PartChange("provider github.token", SENSITIVE, SENSITIVE),
            PartChange("provider github.app", None, SENSITIVE),
        ),
    ),
    "variables that came, went and changed": lists(
        declaring(variable("size", "number"), variable("old")),
        declaring(variable("size", "string", has_default=True, default="s", nullable=False), variable("new")),
        variables=(
            PartChange("web.size", typed("number"), typed("string", required=False, default="s", nullable=False)),
            PartChange("web.old", typed("string"), None),
            PartChange("web.new", None, typed("string")),
        ),
    ),
    "a default that becomes false where it was zero": lists(
        declaring(variable("size", "any", has_default=True, default=0)),
        declaring(variable("size", "any", has_default=True, default=False)),
        variables=(
            PartChange(
                "web.size", typed("any", required=False, default=0), typed("any", required=False, default=False)
            ),
        ),
    ),
    "a description or place is no change": lists(RELEASE, declaring(variable("size", "number", description="another"))),
    "the default of what is sensitive is not told": lists(
        declaring(variable("key")),
        declaring(variable("key", has_default=True, default=SECRET, sensitive=True)),
        variables=(
            PartChange("web.key", typed("string"), typed("string", required=False, default=SENSITIVE, sensitive=True)),
        ),
    ),
    "outputs that came, went and became sensitive": lists(
        RELEASE,
        wired(outputs={"network": {"subnet": True}, "web": {"address": False}}),
        outputs=(
            PartChange("network.subnet", "not sensitive", "sensitive"),
            PartChange("web.url", "not sensitive", None),
            PartChange("web.address", None, "not sensitive"),
        ),
    ),
    "another version of a provider": lists(
        LOCKED, RELEASE.with_lock(LOCK.replace(b"5.1.0", b"5.2.0")), providers=(PartChange(AWS, "5.1.0", "5.2.0"),)
    ),
    "a provider that came": lists(RELEASE, LOCKED, providers=(PartChange(AWS, None, "5.1.0"),)),
    "other checksums of the same version": lists(
        LOCKED, RELEASE.with_lock(LOCK.replace(b"h1:a", b"h1:b")), providers=(PartChange(AWS, "5.1.0", "5.1.0"),)
    ),
}


@pytest.mark.parametrize(("older", "newer", "expected"), PARTS.values(), ids=PARTS.keys())
def test_wiring_variable_output_and_provider_changes_are_listed(
    older: Release, newer: Release, expected: dict[str, tuple[PartChange, ...]]
) -> None:
    kinds = ("wiring", "variables", "outputs", "providers")
    found = compare_releases(older, newer)
    assert found == ReleaseChanges((), *(expected.get(kind, ()) for kind in kinds))
    assert SECRET not in repr(found)


def test_artifacts_of_two_releases_are_paired() -> None:
    other = wired(artifacts={"image": "shop@sha256:2", "chart": "1"})
    assert pair_artifacts(RELEASE, other) == (
        ArtifactPair("chart", None, "1", equal=False),
        ArtifactPair("image", "shop@sha256:1", "shop@sha256:2", equal=False),
    )
    assert pair_artifacts(RELEASE, RELEASE) == (ArtifactPair("image", "shop@sha256:1", "shop@sha256:1", equal=True),)
    assert pair_artifacts(None, RELEASE) == (ArtifactPair("image", None, "shop@sha256:1", equal=False),)


def test_sensitive_artifact_is_compared_and_redacted() -> None:
    hiding = wired(schema={"web": (variable("image", sensitive=True),)}, artifacts={"image": SECRET})
    assert pair_artifacts(RELEASE, hiding) == (ArtifactPair("image", Marker.SENSITIVE, Marker.SENSITIVE, equal=False),)
    assert pair_artifacts(hiding, hiding) == (ArtifactPair("image", Marker.SENSITIVE, Marker.SENSITIVE, equal=True),)


def known(name: str, seq: int) -> KnownRelease:
    at = datetime(2026, 11, 25, seq, tzinfo=UTC)
    return KnownRelease(
        release=name, seq=seq, at=at, by=Actor("ann@example.com"), commit="", uncommitted=True, author=""
    )


PRESENT = LedgerState(
    seq=9, head="", releases={name: known(name, seq) for name, seq in (("a", 1), ("b", 4), ("c", 6), ("d", 9))}
)


@pytest.mark.parametrize(
    ("older", "newer", "made"),
    [
        pytest.param("a", "c", ["c", "b"], id="the newer one is among them and the older one is not"),
        pytest.param("c", "d", ["d"], id="the next one"),
        pytest.param("b", "working tree", ["d", "c"], id="what the ledger does not know is newer than all"),
        pytest.param("lost", "d", [], id="nothing is known of the older one"),
    ],
)
def test_releases_made_between_are_listed(older: str, newer: str, made: list[str]) -> None:
    assert [each.release for each in list_releases_between(PRESENT, older, newer)] == made


@pytest.mark.parametrize(
    ("first", "second", "is_newer"),
    [
        pytest.param("a", "b", True, id="made later"),
        pytest.param("b", "a", False, id="made earlier"),
        pytest.param("d", "working tree", True, id="the working tree is newer"),
        pytest.param("working tree", "d", False, id="than everything"),
    ],
)
def test_release_made_earlier_is_older(first: str, second: str, is_newer: bool) -> None:
    assert is_older_release(PRESENT, first, second) is is_newer


def test_unrelated_release_counts_all_releases_as_behind() -> None:
    order = ("dev", "staging", "prod")
    for older, newer in (("prod", "dev"), ("dev", "staging"), ("staging", "dev")):
        assert count_releases_behind(order, PRESENT, older, newer, 3) == 3
