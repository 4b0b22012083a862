"""Modules that are called by an address: what stays the same for ever, and how a release carries them."""

from dataclasses import replace
from posixpath import dirname

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import Location
from envctl.domain.release.bundle import File, Release, compute_identity, pack, unpack
from envctl.domain.release.comparison.changes import compare_releases
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.release.remote_modules import (
    Package,
    ResolvedModule,
    bundle_modules,
    decode_module_record,
    is_pinned_call,
    normalize_local_source,
    redact_credentials,
)
from envctl.domain.release.rendering.root_module import render_module_record
from envctl.domain.release.wiring import BundledModule, StackWiring, Wiring
from envctl.domain.terraform.variables import ModuleCall
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER

HERE = Location("modules/network/main.tf", 1)
COMMIT, SHA256 = "0123456789abcdef" * 2 + "01234567", "a" * 64
WIRING = Wiring(
    project="shop",
    terraform="",
    stacks={"network": StackWiring(module="modules/network"), "web": StackWiring(module="modules/web")},
    artifacts={},
    schema={},
    outputs={},
)
VPC = BundledModule(
    "network.vpc", "registry.terraform.io/acme/vpc/aws", "5.1.0", f"{REMOTE_MODULES_FOLDER}/acme-vpc-aws"
)
FILES = {"modules/network/main.tf": File(b"x"), f"{REMOTE_MODULES_FOLDER}/acme-vpc-aws/main.tf": File(b"y")}
CARRYING = Release(replace(WIRING, modules=(VPC,)), FILES)

SETTLED = {
    "an exact version": ("acme/vpc/aws", "5.1.0", True),
    "an exact version with its sign": ("acme/vpc/aws", " = 5.1.0-rc.1+1 ", True),
    "any newer one": ("acme/vpc/aws", ">= 5.1.0", False),
    "a range": ("acme/vpc/aws", "~> 5.1", False),
    "an exact one, or less": ("acme/vpc/aws", "5.1.0, < 6", False),
    "no version": ("acme/vpc/aws", "", False),
    "a commit": (f"git::https://example.com/vpc.git?ref={COMMIT}", "", True),
    "a commit in a folder, among other words": (f"git::ssh://git@x.y/vpc.git//a?depth=1&ref={COMMIT}&x=1", "", True),
    "a commit behind a branch": (f"github.com/acme/vpc?ref=main&ref={COMMIT}", "", False),
    "a commit in the query of an archive": (f"https://example.com/vpc.zip?ref={COMMIT}", "", False),
    "a commit cut short": (f"github.com/acme/vpc?ref={COMMIT[:12]}", "", False),
    "a commit and more": (f"github.com/acme/vpc?ref={COMMIT}x", "", False),
    "a tag": ("github.com/acme/vpc?ref=v5.1.0", "", False),
    "a branch": ("github.com/acme/vpc?ref=main", "", False),
    "no ref": ("git@github.com:acme/vpc.git", "", False),
    "an archive": ("https://example.com/vpc-5.1.0.zip", "", False),
    "an archive with a checksum": (f"https://example.com/vpc.zip?checksum=sha256:{SHA256}", "", True),
    "an archive with a checksum that lies elsewhere": ("https://x.y/vpc.zip?checksum=file:https://x.y/sums", "", False),
}


@pytest.mark.parametrize(("source", "version", "stays"), SETTLED.values(), ids=SETTLED)
def test_module_call_is_pinned_when(source: str, version: str, stays: bool) -> None:
    assert is_pinned_call(ModuleCall("vpc", source, HERE, version)) is stays


NAMES = {
    "registry.terraform.io/acme/vpc/aws": "acme-vpc-aws",
    "registry.opentofu.org/acme/vpc/aws//modules/endpoints": "acme-vpc-aws",
    "modules.example.com/acme/vpc/aws": "modules.example.com-acme-vpc-aws",
    "git::https://github.com/Acme/terraform-aws-vpc.git?ref=v5.1.0": "github.com-acme-terraform-aws-vpc",
    "git::https://ann:secret@example.com/vpc.git//modules/a?ref=v5": "example.com-vpc",
    "git::ssh://git@github.com/acme/vpc.git": "github.com-acme-vpc",
    "git::file:///srv/git/vpc//a": "srv-git-vpc",
    "https://example.com/vpc-1.2.zip?archive=zip": "example.com-vpc-1.2.zip",
    "s3::https://s3-eu-west-1.amazonaws.com/acme/vpc.zip": "s3-eu-west-1.amazonaws.com-acme-vpc.zip",
    "git::https://example.com/%2e%2e/..": "example.com-2e-2e",
    "https://": "module",
}


@pytest.mark.parametrize(("source", "name"), NAMES.items())
def test_package_is_named_after_its_address(source: str, name: str) -> None:
    assert Package(source, {}).name == name


SHOWN = {
    "git::https://ann:secret@example.com/a.git": "git::https://***@example.com/a.git",
    "https://token@example.com/a.zip": "https://***@example.com/a.zip",
    "fatal: 'https://ann:secret@x.y/a.git/': no": "fatal: 'https://***@x.y/a.git/': no",
    "git::ssh://git@x.y/a.git?sshkey=QUJD&ref=v1": "git::ssh://git@x.y/a.git?sshkey=***&ref=v1",
    "acme/vpc/aws ~> 5.0": "acme/vpc/aws ~> 5.0",
}


@pytest.mark.parametrize(("source", "told"), SHOWN.items())
def test_an_address_is_shown_without_credentials(source: str, told: str) -> None:
    assert redact_credentials(source) == told


@pytest.mark.parametrize(
    ("source", "written"), {"./a": "./a", "./a/../b/": "./b", "../a//b/.": "../a/b", "../": "./..", "./": "./."}.items()
)
def test_local_source_is_normalized_like_terraform(source: str, written: str) -> None:
    assert normalize_local_source(source) == written


def test_release_with_remote_modules_has_format_two() -> None:
    bundle = pack(CARRYING)
    assert unpack(bundle, compute_identity(bundle)) == CARRYING
    assert b'"format": 2' in bundle
    without = pack(Release(WIRING, FILES))
    assert b'"format": 1' in without
    assert b'"modules": [' not in without


def test_release_without_bundled_modules_has_no_bundle() -> None:
    with pytest.raises(ValueError, match="no bundle"):
        pack(Release(WIRING, {}, (ModuleCall("vpc", "acme/vpc/aws", HERE),)))


@pytest.mark.parametrize("folder", ["/etc", "../../x", "a/../../x"])
def test_module_folder_outside_of_bundle_is_refused(folder: str) -> None:
    bundle = pack(replace(CARRYING, wiring=replace(WIRING, modules=(replace(VPC, folder=folder),))))
    with pytest.raises(DamagedBundleError, match=r"network\.vpc is outside"):
        unpack(bundle, compute_identity(bundle))


def test_module_record_lists_all_module_folders() -> None:
    assert list(decode_module_record(render_module_record(CARRYING.wiring, "network"))) == [
        ("", "", "", "."),
        ("network", "../.code/modules/network", "", "../.code/modules/network"),
        ("network.vpc", VPC.source, "5.1.0", "../.code/.remote/acme-vpc-aws"),
    ]
    assert render_module_record(CARRYING.wiring, "web") == b""


def package(content: str, source: str = VPC.source) -> Package:
    return Package(source, {"main.tf": File(content.encode()), "modules/a/main.tf": File(b"")})


def test_equal_module_content_is_bundled_once() -> None:
    found = {
        "network.vpc": ResolvedModule(VPC.source, "5.1.0", ".", package("one")),
        "network.vpc.a": ResolvedModule("./modules/a", "", "modules/a", package("one")),
        "web.vpc": ResolvedModule(VPC.source, "5.1.0", ".", package("one")),
        "web.own": ResolvedModule("../own", "", "modules/own"),
    }
    modules, files = bundle_modules(found)
    assert [(module.key, module.folder) for module in modules] == [
        ("network.vpc", ".remote/acme-vpc-aws"),
        ("network.vpc.a", ".remote/acme-vpc-aws/modules/a"),
        ("web.own", "modules/own"),
        ("web.vpc", ".remote/acme-vpc-aws"),
    ]
    assert sorted(files) == [".remote/acme-vpc-aws/main.tf", ".remote/acme-vpc-aws/modules/a/main.tf"]


def test_different_contents_of_one_address_are_separate() -> None:
    found = {
        "network.vpc": ResolvedModule(VPC.source, "5.1.0", ".", package("one")),
        "web.vpc": ResolvedModule(VPC.source, "5.2.0", ".", package("two")),
    }
    modules, files = bundle_modules(found)
    folders = [module.folder for module in modules]
    assert [files[f"{folder}/main.tf"].data for folder in folders] == [b"one", b"two"]
    assert all(folder.startswith(".remote/acme-vpc-aws-") for folder in folders)


def test_stack_without_remote_modules_is_omitted() -> None:
    assert bundle_modules({"web.own": ResolvedModule("../own", "", "modules/own")}) == ((), {})


sources = st.sampled_from(list(NAMES))
packages = st.builds(package, st.sampled_from(["one", "two", "three"]), sources)
trees = st.dictionaries(
    st.builds("{}.{}".format, st.sampled_from(["network", "web"]), st.sampled_from(["a", "b", "a.c"])),
    st.builds(ResolvedModule, sources, st.sampled_from(["", "1.0.0"]), st.sampled_from([".", "modules/a"]), packages),
)


@given(trees)
def test_every_remote_module_is_bundled_with_its_content(found: dict[str, ResolvedModule]) -> None:
    modules, files = bundle_modules(found)
    again = bundle_modules(dict(reversed(list(found.items()))))
    assert (modules, dict(sorted(files.items()))) == (again[0], dict(sorted(again[1].items())))
    release = Release(replace(WIRING, modules=modules), files)
    bundle = pack(release)
    assert unpack(bundle, compute_identity(bundle)) == release
    for module in modules:
        there = found[module.key]
        assert there.package
        inside = {name: file for name, file in there.package.files.items() if dirname(name) in ("", "modules/a")}
        top = module.folder.removesuffix("modules/a").rstrip("/") if there.folder == "modules/a" else module.folder
        assert {name: files[f"{top}/{name}"] for name in inside} == inside


def with_module(**others: str) -> Release:
    return replace(CARRYING, wiring=replace(WIRING, modules=(replace(VPC, **others),)))


CHANGES = {
    "another version": (with_module(version="5.2.0"), [("vpc of network", "5.1.0", "5.2.0")]),
    "another address": (
        with_module(source="git::https://ann:x@x.y/vpc?ref=v5", version=""),
        [("vpc of network", f"{VPC.source} 5.1.0", "git::https://***@x.y/vpc?ref=v5")],
    ),
    "code of the project": (Release(WIRING, FILES), [("vpc of network", f"{VPC.source} 5.1.0", None)]),
    "the same": (CARRYING, []),
    "a path that is another one": (with_module(folder=".remote/x"), []),
}


@pytest.mark.parametrize(("newer", "told"), CHANGES.values(), ids=CHANGES)
def test_module_change_is_listed_when(newer: Release, told: list[tuple[str, object, object]]) -> None:
    found = compare_releases(CARRYING, newer).wiring
    assert [(change.name, change.before, change.after) for change in found] == told
