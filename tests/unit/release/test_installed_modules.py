"""Remote modules of a root are where plain Terraform installs them."""

from dataclasses import replace

import pytest

from envctl.domain.release.bundle import File, Release, compute_identity, pack, unpack
from envctl.domain.release.installed_modules import list_installed_files, locate_modules
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.release.remote_modules import Package, ResolvedModule, bundle_modules, decode_module_record
from envctl.domain.release.rendering.root_module import render_module_record
from envctl.domain.release.root_code import RootCode
from envctl.domain.release.wiring import BundledModule, StackWiring, Wiring

ROOT = StackWiring(module="stacks/web", root_code=RootCode(("stacks/web",)))
WIRING = Wiring(
    project="shop",
    terraform="",
    stacks={"web": ROOT, "net": StackWiring(module="modules/net")},
    artifacts={},
    schema={"web": (), "net": ()},
    outputs={"web": {}, "net": {}},
)
VPC = Package("acme/vpc/aws", {"main.tf": File(b"vpc"), "modules/sub/main.tf": File(b"sub")})
ONLY = Package("git::https://example.com/only//a/b", {"main.tf": File(b"only")})
FOUND = {
    "web.local": ResolvedModule("../../modules/local", "", "modules/local"),
    "web.local.vpc": ResolvedModule(VPC.source, "1.0.0", ".", VPC),
    "web.one": ResolvedModule(VPC.source, "1.0.0", ".", VPC, "vpc-1.0.0"),
    "web.one.sub": ResolvedModule("./modules/sub", "", "modules/sub", VPC),
    "web.one.sub.up": ResolvedModule("../..", "", ".", VPC),
    "web.part": ResolvedModule(f"{VPC.source}//modules/sub", "1.0.0", "modules/sub", VPC),
    "web.part.only": ResolvedModule(ONLY.source, "", ".", ONLY, "a/b"),
    "net.vpc": ResolvedModule(VPC.source, "1.0.0", ".", VPC, "vpc-1.0.0"),
}
FOLDERS = {
    "local": "../../modules/local",
    "local.vpc": ".terraform/modules/local.vpc",
    "one": ".terraform/modules/one/vpc-1.0.0",
    "one.sub": ".terraform/modules/one/vpc-1.0.0/modules/sub",
    "one.sub.up": ".terraform/modules/one/vpc-1.0.0",
    "part": ".terraform/modules/part/modules/sub",
    "part.only": ".terraform/modules/part.only/a/b",
}


def make_release(base: str = "", module: str = "stacks/web") -> Release:
    modules, files = bundle_modules(FOUND, ["web"])
    stacks = {**WIRING.stacks, "web": replace(ROOT, module=module)}
    own = {f"{module}/main.tf": File(b"web"), "modules/local/main.tf": File(b"local"), "modules/net/main.tf": File(b"")}
    return Release(replace(WIRING, modules=modules, base=base, stacks=stacks), {**own, **files})


@pytest.mark.parametrize("base", ["", "infra"])
def test_every_module_is_in_the_folder_of_its_key(base: str) -> None:
    release = make_release(base)
    found = {module.key.partition(".")[2]: folder for module, folder in locate_modules(release.wiring, "web")}
    assert found == FOLDERS
    record = {key: folder for key, _, _, folder in decode_module_record(render_module_record(release.wiring, "web"))}
    assert record == {"": ".", **FOLDERS}
    top = f"{base}/stacks/web/.terraform/modules".lstrip("/")
    assert {path.removeprefix(f"{top}/"): file.data for path, file in list_installed_files(release, "web").items()} == {
        "local.vpc/main.tf": b"vpc",
        "local.vpc/modules/sub/main.tf": b"sub",
        "one/vpc-1.0.0/main.tf": b"vpc",
        "one/vpc-1.0.0/modules/sub/main.tf": b"sub",
        "part/main.tf": b"vpc",
        "part/modules/sub/main.tf": b"sub",
        "part.only/a/b/main.tf": b"only",
    }


def test_root_in_the_project_folder_has_them_too() -> None:
    release = make_release(module=".")
    assert ".terraform/modules/part.only/a/b/main.tf" in list_installed_files(release, "web")
    assert dict(decode_entries(release))["one"] == ".terraform/modules/one/vpc-1.0.0"


def decode_entries(release: Release) -> list[tuple[str, str]]:
    record = decode_module_record(render_module_record(release.wiring, "web"))
    return [(key, folder) for key, _, _, folder in record]


def test_release_keeps_the_top_folders_of_roots_alone() -> None:
    release = make_release()
    bundle = pack(release)
    assert unpack(bundle, compute_identity(bundle)) == release
    assert {module.key: module.top for module in release.wiring.modules if module.top} == {
        "web.one": "vpc-1.0.0",
        "web.part.only": "a/b",
    }
    assert bundle.count(b'"top": ') == 2


@pytest.mark.parametrize(
    "module",
    [
        BundledModule("web.../../x", "acme/vpc/aws", "1", ".remote/x"),
        BundledModule("web...", "acme/vpc/aws", "1", ".remote/x"),
        BundledModule("web.a/b", "acme/vpc/aws", "1", ".remote/x"),
        BundledModule("web.a", "acme/vpc/aws", "1", ".remote/x", "../x"),
        BundledModule("web.a", "acme/vpc/aws", "1", ".remote/x", "/x"),
    ],
)
def test_module_outside_of_its_folder_is_refused(module: BundledModule) -> None:
    bundle = pack(replace(make_release(), wiring=replace(WIRING, modules=(module,))))
    with pytest.raises(DamagedBundleError):
        unpack(bundle, compute_identity(bundle))
