"""Modules that are called by an address: fetched where code enters, carried from there, and never fetched again."""

from dataclasses import replace

import pytest

from envctl.domain.errors import ConfigurationError, Location, OperationFailedError
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.remote_modules import Package, ResolvedModule, encode_module_record, to_record_entry
from envctl.domain.release.root_code import RootCode
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedEnvironment
from envctl.usecases.project import module_checks, project_file, remote_modules, working_tree
from envctl.usecases.release import release_store
from tests.catching import catch
from tests.fakes.world import NETWORK, MemoryWorkspace, World

MAIN = "modules/network/main.tf"
COMMIT = "c" * 40
LABEL = f"git::https://example.com/label.git?ref={COMMIT}"


def calling(source: str, version: str = "") -> str:
    return NETWORK.decode() + call("vpc", source, version)


def call(name: str, source: str, version: str = "") -> str:
    at = f'\n  version = "{version}"' if version else ""
    return f'module "{name}" {{\n  source = "{source}"{at}\n}}\n'


@pytest.fixture
def world() -> World:
    """`network` calls a module of a registry, which calls one in a folder of its own, and one in git."""
    world = World()
    world.edit(MAIN, calling("acme/vpc/aws", "5.1.0"))
    inner = call("subnets", "./modules/subnets") + call("label", LABEL)
    for version in ("5.1.0", "5.2.0"):
        code = {"main.tf": inner, "modules/subnets/main.tf": f"# of {version}\n"}
        world.remote_modules.there[f"acme/vpc/aws {version}"] = code
    world.remote_modules.there[LABEL] = {"main.tf": "# label\n"}
    return world


def made(world: World) -> Release:
    """The release that dev runs."""
    current = journal.load(world.ports).find_environment("dev").current
    assert current
    _, release, _ = release_store.load_bundle(world.ports, current.release)
    assert release
    return release


def test_promotion_fetches_no_modules(world: World) -> None:
    apply(world.ports, "dev")
    assert world.remote_modules.asked == ["network.vpc", "network.vpc.label"]
    world.remote_modules = replace(world.remote_modules, network=False, there={}, cache={})
    promote(world.ports, "dev", "staging")
    assert world.workspace.code["staging"] == world.workspace.code["dev"]
    assert world.workspace.records["staging", "network"] == world.workspace.records["dev", "network"] != b""
    assert world.workspace.records["staging", "web"] == b""


def test_release_carries_every_remote_module(world: World) -> None:
    apply(world.ports, "dev")
    assert [(module.key, module.version, module.folder) for module in made(world).wiring.modules] == [
        ("network.vpc", "5.1.0", ".remote/acme-vpc-aws"),
        ("network.vpc.label", "", ".remote/example.com-label"),
        ("network.vpc.subnets", "", ".remote/acme-vpc-aws/modules/subnets"),
    ]
    assert made(world).files[".remote/acme-vpc-aws/modules/subnets/main.tf"].data == b"# of 5.1.0\n"


def test_pinned_module_is_fetched_once(world: World) -> None:
    apply(world.ports, "dev")
    world.remote_modules = replace(world.remote_modules, network=False)
    apply(world.ports, "dev")
    world.edit(MAIN, calling("acme/vpc/aws", "5.1.0") + call("second", LABEL))
    apply(world.ports, "dev")
    assert made(world).wiring.modules[0].key == "network.second"
    assert world.remote_modules.asked == ["network.vpc", "network.vpc.label"]


def test_version_range_is_resolved_each_time_and_reported(world: World) -> None:
    world.edit(MAIN, calling("acme/vpc/aws", "~> 5.0"))
    world.remote_modules.versions["acme/vpc/aws", "~> 5.0"] = "5.1.0"
    apply(world.ports, "dev")
    first = made(world)
    assert "network.vpc: acme/vpc/aws ~> 5.0 is 5.1.0 today" in world.observer.heard
    assert "downloading the code of network.vpc (acme/vpc/aws ~> 5.0)" in world.observer.heard

    world.remote_modules.versions["acme/vpc/aws", "~> 5.0"] = "5.2.0"
    promote(world.ports, "dev", "staging")
    apply(world.ports, "dev")
    second = made(world)
    assert [release.wiring.modules[0].version for release in (first, second)] == ["5.1.0", "5.2.0"]
    # What the range leads to is kept by its own address.
    assert world.remote_modules.asked == ["network.vpc", "network.vpc.label", "network.vpc", "network.vpc.label"]
    assert world.workspace.code["staging"].items() <= first.files.items()

    (change,) = diff_environments(world.ports, "staging", "dev").distance.changes.wiring  # type: ignore[union-attr]
    assert (change.name, change.before, change.after) == ("vpc of network", "5.1.0", "5.2.0")


def test_only_nested_version_range_is_fetched_again(world: World) -> None:
    world.remote_modules.there["acme/vpc/aws 5.1.0"] = {"main.tf": call("label", "acme/label/null", ">= 1")}
    world.remote_modules.there["acme/label/null 1.4.0"] = {"main.tf": ""}
    world.remote_modules.versions["acme/label/null", ">= 1"] = "1.4.0"
    for _ in range(2):
        apply(world.ports, "dev")
    assert world.remote_modules.asked == ["network.vpc", "network.vpc.label", "network.vpc.label"]
    assert world.observer.heard[-1] == "network.vpc.label: acme/label/null >= 1 is 1.4.0 today"


class Remembering(MemoryWorkspace):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def save_prepared(self, prepared: PreparedEnvironment, inputs: object, mark: str) -> None:
        self.kept.append(prepared.environment)


@pytest.mark.parametrize(("version", "remembered"), {"5.1.0": ["dev"], "~> 5.0": []}.items())
def test_preparation_with_version_range_is_not_cached(world: World, version: str, remembered: list[str]) -> None:
    world.edit(MAIN, calling("acme/vpc/aws", version))
    world.remote_modules.versions["acme/vpc/aws", "~> 5.0"] = "5.1.0"
    world.workspace = workspace = Remembering()
    world.terraform.workspace = workspace
    prepare.prepare_working_tree(Context(world.ports, project_file.load_project(world.ports)), "dev")
    assert workspace.kept == remembered


def test_read_only_commands_fetch_no_modules(world: World) -> None:
    world.remote_modules.network = False
    assert validate_project(world.ports).stacks == ("network", "web")
    resolve_settings(world.ports, "dev")
    render_environment(world.ports, "dev")
    load_status(world.ports)
    assert diff_environments(world.ports, "dev", "staging").first.release == ""
    told = apply(world.ports, "dev", DeployOptions(dry_run=True))
    assert told.stages[0].startswith("add the code of vpc (acme/vpc/aws 5.1.0) to the release, render stacks")
    assert world.remote_modules.asked == []


def test_preview_plans_the_code_that_would_be_bundled(world: World) -> None:
    assert not preview_environments(world.ports).problems
    assert ".remote/acme-vpc-aws/main.tf" in world.workspace.code["prod"]


def test_unreachable_module_is_reported_with_its_line(world: World) -> None:
    world.remote_modules.network = False
    raised = catch(OperationFailedError, apply, world.ports, "dev")
    assert raised.problems[0].location == Location(MAIN, 5)
    assert journal.load(world.ports).find_environment("dev").last is None
    assert world.workspace.code == {}


def test_unfit_settings_are_reported_before_fetching(world: World) -> None:
    world.edit("environments/dev/terraform.tfvars", "cidr = 1\nnonsense = 2\n")
    with pytest.raises(ConfigurationError):
        prepare.prepare_working_tree(Context(world.ports, project_file.load_project(world.ports)), "dev")
    assert world.remote_modules.asked == []


def test_recursive_module_call_is_refused(world: World) -> None:
    world.edit(MAIN, calling("acme/vpc/aws", "5.1.0") + call("me", "./"))
    raised = catch(ConfigurationError, apply, world.ports, "dev")
    assert [problem.code for problem in raised.problems] == ["E111"]
    assert world.remote_modules.asked == []


def test_unparsable_module_is_bundled_and_fetched_anew(world: World) -> None:
    project = project_file.load_project(world.ports)
    written = working_tree.build_release(Context(world.ports, project))
    package = Package("acme/vpc/aws", {"main.tf": File(b"a syntax { of tomorrow")})
    found = {"network.vpc": ResolvedModule("acme/vpc/aws", "5.1.0", ".", package)}
    world.remote_modules.fetch_modules = lambda *_: found  # type: ignore[method-assign]
    completed = remote_modules.complete_release(Context(world.ports, project), written)
    assert completed.floating == ("network.vpc",)
    assert ".remote/acme-vpc-aws/main.tf" in completed.release.files
    assert world.remote_modules.cache == {}


@pytest.mark.parametrize(
    ("source", "version", "is_carried"),
    [("acme/vpc/aws", "5.1.0", True), ("acme/vpc/aws", "5.2.0", False), ("else/vpc/aws", "5.1.0", False)],
)
def test_module_of_a_root_fetched_anew_is_found(world: World, source: str, version: str, *, is_carried: bool) -> None:
    """Terraform installs it where the module of the release is."""
    apply(world.ports, "dev")
    release = made(world)
    root = replace(release.wiring.stacks["network"], root_code=RootCode())
    release = replace(release, wiring=replace(release.wiring, stacks={**release.wiring.stacks, "network": root}))
    record = encode_module_record([to_record_entry("vpc", source, version, ".terraform/modules/vpc")])
    world.workspace.read_module_record = lambda *_: record  # type: ignore[method-assign]
    if is_carried:
        module_checks.require_carried_modules(world.ports, release, "dev", "network")
    else:
        with pytest.raises(OperationFailedError, match=r"E344 .*vpc was downloaded"):
            module_checks.require_carried_modules(world.ports, release, "dev", "network")


def test_module_fetched_during_promotion_stops_it(world: World) -> None:
    apply(world.ports, "dev")
    fetched = to_record_entry(
        "network.vpc", "registry.opentofu.org/acme/vpc/aws", "5.1.0", ".terraform/modules/network.vpc"
    )
    world.workspace.read_module_record = lambda *_: encode_module_record([fetched])  # type: ignore[method-assign]
    with pytest.raises(OperationFailedError, match=r"E344 .*network\.vpc was downloaded"):
        promote(world.ports, "dev", "staging")
    assert ("apply", "staging", "network") not in world.terraform.calls
