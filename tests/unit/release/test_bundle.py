"""A bundle is its content and nothing else, and nothing is believed of one that was touched."""

import copy
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import Location
from envctl.domain.release.bundle import MANIFEST, File, Release, compute_identity, pack, unpack
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.release.portable_paths import find_clash, find_path_fault
from envctl.domain.release.root_code import RootCode, RootProvider
from envctl.domain.release.wiring import BundledModule, StackWiring, Wiring
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import LOCK_FILE


def variable(name: str, type_text: str = "string", *, default: object = None) -> Variable:
    return Variable(
        name=name,
        type_text=type_text,
        has_default=default is not None,
        default=default,
        nullable=False,
        sensitive=False,
        description="what it is for",
        location=Location("modules/web/variables.tf", 3),
    )


WIRING = Wiring(
    project="shop",
    terraform=">= 1.10",
    stacks={
        "network": StackWiring(module="modules/vpc"),
        "web": StackWiring(module="modules/web", inputs={"subnet": "network.subnet"}),
    },
    artifacts={"image": "registry.example.com/shop@sha256:" + "a" * 64},
    schema={
        "network": (variable("cidr"),),
        "web": (variable("subnet"), variable("sizes", "list(number)", default=[1])),
    },
    outputs={"network": {"subnet": False}, "web": {"password": True}},
    providers={"aws": {"source": "hashicorp/aws", "version": "~> 6.0"}},
)
LONG = "modules/" + "/".join(["a" * 80] * 5) + "/main.tf"
FILES = {
    "modules/vpc/main.tf": File(b"variable {}"),
    "modules/web/bin/start.sh": File(b"#!/bin/sh\n", executable=True),
    "modules/web/größe/日本.tf": File(b"\x00\xff\r\n"),
    LONG: File(b""),
    LOCK_FILE: File(b"provider"),
}
RELEASE = Release(WIRING, FILES)
BUNDLE = pack(RELEASE)

paths = (
    st.lists(st.text("abcé .-_", min_size=1, max_size=6), min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda path: not find_path_fault(path))
)
files = st.dictionaries(paths, st.builds(File, st.binary(max_size=600), st.booleans()), max_size=5).filter(
    lambda content: find_clash(content) is None
)


@given(files)
def test_release_survives_bundling(content: dict[str, File]) -> None:
    release = Release(WIRING, content)
    bundle = pack(release)
    assert unpack(bundle, compute_identity(bundle)) == release


def test_unicode_long_names_and_executable_bit_survive() -> None:
    assert unpack(BUNDLE, compute_identity(BUNDLE)) == RELEASE


def test_order_of_stacks_survives_bundling() -> None:
    backwards = replace(WIRING, stacks=dict(reversed(list(WIRING.stacks.items()))))
    bundle = pack(Release(backwards, {}))
    assert list(unpack(bundle, compute_identity(bundle)).wiring.stacks) == ["web", "network"]
    assert bundle != pack(Release(WIRING, {}))


def test_bundle_without_removed_stacks_keeps_format_one() -> None:
    """Its name is that which an envctl gave it that knew nothing of them."""
    assert b"moved_from" not in BUNDLE
    assert b'"removed"' not in BUNDLE
    assert b'"format": 1' in BUNDLE


def test_removed_and_renamed_stacks_survive_bundling() -> None:
    stacks = {**WIRING.stacks, "web": replace(WIRING.stacks["web"], moved_from="site")}
    wiring = replace(WIRING, stacks=stacks, removed={"cache": "destroy", "edge": "forget"})
    bundle = pack(Release(wiring, FILES))
    assert unpack(bundle, compute_identity(bundle)) == Release(wiring, FILES)
    # An envctl that does not know of that must not deploy it.
    assert b'"format": 3' in bundle


def test_project_folder_as_module_survives_bundling() -> None:
    """A root below it calls it, as the examples of a public module do."""
    modules = (
        BundledModule("web.site", "../../", "", "."),
        BundledModule("web.site.label", "cloudposse/label/null", "0.25.0", ".remote/label"),
    )
    release = Release(replace(WIRING, modules=modules), FILES)
    bundle = pack(release)
    assert unpack(bundle, compute_identity(bundle)) == release


@given(st.permutations(list(FILES)), st.permutations(["network", "web"]))
def test_order_of_insertion_is_ignored(names: list[str], stacks: list[str]) -> None:
    wiring = replace(
        WIRING,
        schema={name: WIRING.schema[name] for name in stacks},
        outputs={name: WIRING.outputs[name] for name in stacks},
    )
    assert pack(Release(wiring, {name: FILES[name] for name in names})) == BUNDLE


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Release(WIRING, FILES | {"modules/vpc/main.tf": File(b"variable {} ")}), id="a byte of a file"),
        pytest.param(Release(WIRING, FILES | {LONG: File(b"", executable=True)}), id="an executable bit"),
        pytest.param(Release(WIRING, FILES | {"modules/vpc/b.tf": File(b"")}), id="an empty file"),
        pytest.param(Release(replace(WIRING, artifacts={"image": "x"}), FILES), id="an artifact"),
        pytest.param(Release(replace(WIRING, terraform=">= 1.11"), FILES), id="a version constraint"),
    ],
)
def test_any_difference_makes_another_release(other: Release) -> None:
    assert compute_identity(pack(other)) != compute_identity(BUNDLE)


@given(st.integers(0, len(BUNDLE) - 1), st.integers(1, 255))
def test_flipped_byte_is_noticed(position: int, mask: int) -> None:
    damaged = bytearray(BUNDLE)
    damaged[position] ^= mask
    with pytest.raises(DamagedBundleError):
        unpack(bytes(damaged), compute_identity(BUNDLE))


@given(st.integers(0, len(BUNDLE) - 1))
def test_truncated_bundle_is_refused(length: int) -> None:
    with pytest.raises(DamagedBundleError):
        unpack(BUNDLE[:length], compute_identity(BUNDLE))


@given(st.integers(0, len(BUNDLE) - 1), st.binary(min_size=1, max_size=4))
def test_damage_with_matching_hash_is_read_or_refused(position: int, patch: bytes) -> None:
    forged = BUNDLE[:position] + patch + BUNDLE[position + len(patch) :]
    try:
        unpack(forged, compute_identity(forged))
    except DamagedBundleError:
        return


def _forged(*members: tuple[tarfile.TarInfo, bytes], manifest: bytes | None = None) -> bytes:
    """A bundle that somebody made by hand, so that its hash is right."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(BUNDLE)) as whole, tarfile.open(fileobj=buffer, mode="w") as tar:
        kept = whole.extractfile(MANIFEST)
        assert kept is not None
        data = kept.read() if manifest is None else manifest
        for info, content in [*members, (tarfile.TarInfo(MANIFEST), data)]:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def _document(**changes: object) -> bytes:
    return _forged(manifest=json.dumps({**json.loads(_manifest()), **changes}).encode())


def _manifest() -> bytes:
    with tarfile.open(fileobj=io.BytesIO(BUNDLE)) as tar:
        kept = tar.extractfile(MANIFEST)
        assert kept is not None
        return kept.read()


FORGED: Mapping[str, bytes] = {
    "a path out of the folder": _forged((_member("../evil.tf"), b"x")),
    "a path out of the folder by a detour": _forged((_member("modules/../../evil.tf"), b"x")),
    "an absolute path": _forged((_member("/etc/evil"), b"x")),
    "a link to a file outside": _forged((_member("modules/a.tf", tarfile.SYMTYPE, "/etc/passwd"), b"")),
    "a link inside": _forged((_member("modules/a.tf"), b"x"), (_member("modules/b.tf", tarfile.SYMTYPE, "a.tf"), b"")),
    "a hard link to a file inside": _forged(
        (_member("modules/a.tf"), b"x"), (_member("modules/b.tf", tarfile.LNKTYPE, "modules/a.tf"), b"")
    ),
    "a folder": _forged((_member("modules", tarfile.DIRTYPE), b"")),
    "a device": _forged((_member("modules/a.tf", tarfile.CHRTYPE), b"")),
    "a pipe": _forged((_member("modules/a.tf", tarfile.FIFOTYPE), b"")),
    "the same name twice": _forged((_member("modules/a.tf"), b"x"), (_member("modules/a.tf"), b"y")),
    "no manifest": _forged(manifest=b""),
    "a manifest that is a list": _forged(manifest=b"[]"),
    "a manifest of brackets without an end": _forged(manifest=b"[" * 100_000),
    "a format of tomorrow": _document(format=6),
    "a stack that becomes something else": _document(removed={"old": "keep"}),
    "a removed stack without a name": _document(removed={"../old": "forget"}),
    "stacks that are a number": _document(stacks=7),
    "a schema that is a list": _document(schema=[]),
    "a schema with a type that is none": _document(schema={"web": [{"name": "x"}]}),
    "no tar at all": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("bundle", FORGED.values(), ids=FORGED.keys())
def test_forged_bundle_with_matching_hash_is_refused(bundle: bytes) -> None:
    with pytest.raises(DamagedBundleError):
        unpack(bundle, compute_identity(bundle))


ROOT_STACK = StackWiring(
    module="live",
    inputs={"subnet": "network.subnet"},
    root_code=RootCode(
        ("live",), (RootProvider(name="aws", kind="aws"),), ("aws",), ("aws_vpc.a",), (("a.b", "a.c"),), {"r": "{}"}
    ),
    providers={"aws.b": {"region": "eu-west-1"}},
    default_tags=True,
)


def list_places(value: object) -> Iterator[tuple[str | int, ...]]:
    yield ()
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield from ((key, *rest) for key, each in pairs for rest in list_places(each))


def test_other_type_anywhere_in_wiring_is_refused() -> None:
    stacks = {**WIRING.stacks, "live": ROOT_STACK}
    bundle = pack(Release(replace(WIRING, stacks=stacks, removed={"old": "forget"}), {}))
    with tarfile.open(fileobj=io.BytesIO(bundle)) as tar:
        manifest = json.loads(read_member(tar, MANIFEST))
    # The keys of providers have any type, as artifacts do; the schema converts its own.
    free = re.compile(
        "|".join(("artifacts", "schema", "format", r"providers/\w+/\w+", r"stacks/\d/providers/[\w.]+/\w+"))
    )
    places = [each for each in list_places(manifest) if each and not free.match("/".join(map(str, each)))]
    for place in places:
        for wrong in (17, {"a": 17}, ["\ud800"], None):
            document = copy.deepcopy(manifest)
            holder = reduce(lambda inner, key: inner[key], place[:-1], document)
            if type(holder[place[-1]]) is type(wrong):
                continue
            holder[place[-1]] = wrong
            forged = _forged(manifest=json.dumps(document).encode())
            with pytest.raises(DamagedBundleError):
                unpack(forged, compute_identity(forged))


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf")])
def test_values_that_no_file_holds_are_refused(value: object) -> None:
    forged = _document(artifacts={"image": value})
    with pytest.raises(DamagedBundleError):
        unpack(forged, compute_identity(forged))


def test_handmade_bundle_of_ordinary_files_is_accepted() -> None:
    bundle = _forged((_member("modules/a.tf"), b"x"))
    assert unpack(bundle, compute_identity(bundle)) == Release(WIRING, {"modules/a.tf": File(b"x")})


def test_upstream_stacks_are_named_once_and_sorted() -> None:
    wired = StackWiring(module="m", inputs={"a": "web.x", "b": "network.y[0]", "c": "web.z"})
    assert wired.upstream == ("network", "web")


def test_provider_lock_is_read_from_its_files() -> None:
    assert RELEASE.lock_bytes() == b"provider"
    assert Release(WIRING, {}).lock_bytes() is None


SHARED = replace(
    WIRING,
    stacks={
        "network": StackWiring(module="../../modules/vpc"),
        "web": StackWiring(module="modules/web", inputs={"subnet": "network.subnet"}),
    },
    modules=(BundledModule("network.far", "acme/far/aws", "1.0.0", ".remote/acme-far"),),
    base="projects/shop",
)
SHARED_FILES = {
    "../../modules/vpc/main.tf": File(b"variable {}"),
    "modules/web/main.tf": File(b"variable {}"),
    ".remote/acme-far/main.tf": File(b"variable {}"),
    LOCK_FILE: File(b"lock"),
}


def test_code_beside_project_survives_bundling() -> None:
    bundle = pack(Release(SHARED, SHARED_FILES))
    assert unpack(bundle, compute_identity(bundle)) == Release(SHARED, SHARED_FILES)


def test_bundle_with_code_beside_project_holds_no_upward_path() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(Release(SHARED, SHARED_FILES)))) as tar:
        names = tar.getnames()
        manifest = json.loads(read_member(tar, MANIFEST))
    assert names == [
        "modules/vpc/main.tf",
        "projects/shop/.remote/acme-far/main.tf",
        "projects/shop/.terraform.lock.hcl",
        "projects/shop/modules/web/main.tf",
        MANIFEST,
    ]
    assert [stack["module"] for stack in manifest["stacks"]] == ["modules/vpc", "projects/shop/modules/web"]
    assert [module["folder"] for module in manifest["modules"]] == ["projects/shop/.remote/acme-far"]
    assert (manifest["format"], manifest["base"]) == (4, "projects/shop")


@pytest.mark.parametrize("base", ["..", "/etc", "a/../b", ".git/x", 3])
def test_project_folder_outside_bundle_is_refused(base: object) -> None:
    manifest = {"base": base}
    with tarfile.open(fileobj=io.BytesIO(pack(Release(SHARED, SHARED_FILES)))) as tar:
        manifest = {**json.loads(read_member(tar, MANIFEST)), "base": base}
    forged = io.BytesIO()
    with tarfile.open(fileobj=forged, mode="w") as tar:
        data = json.dumps(manifest).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    with pytest.raises(DamagedBundleError):
        unpack(forged.getvalue(), compute_identity(forged.getvalue()))


def read_member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()
