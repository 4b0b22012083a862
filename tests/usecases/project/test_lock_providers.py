"""`envctl lock-providers` on in-memory ports: what is asked for, what is written, and what is told of it."""

import json

import pytest

from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.release.rendering import lockfile_root
from envctl.domain.terraform.provider_lock import PLATFORMS, read_hashes, split_provider_blocks
from envctl.usecases.ports.terraform import HashedProviders
from envctl.usecases.project.lock_providers import LockedProvider, lock_providers
from tests.catching import catch
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World

AWS, TLS = "registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/tls"
BESIDE = (
    '[environments.org]\npipeline = false\n[stacks.accounts]\nmodule = "modules/accounts"\nenvironments = ["org"]\n'
)


def block(address: str, version: str, *found: str) -> bytes:
    listed = "".join(f'    "{each}",\n' for each in found)
    return f'provider "{address}" {{\n  version = "{version}"\n  hashes = [\n{listed}  ]\n}}\n'.encode()


@pytest.fixture
def world() -> World:
    world = World()
    world.tree.content[world.provider_lock] = block(AWS, "6.1.0", "h1:mac") + block(TLS, "4.0.0", "h1:old")
    world.terraform.hashed_providers = HashedProviders(block(AWS, "6.1.0", "h1:linux"), (AWS,), {})
    return world


def written(world: World) -> dict[str, tuple[str, ...]]:
    lock = world.tree.content[world.provider_lock]
    return {address: read_hashes(each) for address, each in split_provider_blocks(lock).items()}


def test_hashes_are_united_and_unneeded_providers_removed(world: World) -> None:
    told, error = lock_providers(world.ports)
    assert error is None
    assert written(world) == {AWS: ("h1:linux", "h1:mac")}
    assert (told.changed, told.platforms, told.file) == (True, PLATFORMS, ".terraform.lock.hcl")
    assert told.providers == (LockedProvider(AWS, "6.1.0", "6.1.0", PLATFORMS), LockedProvider(TLS, "4.0.0", "", ()))


def test_repeated_lock_writes_nothing(world: World) -> None:
    lock_providers(world.ports)
    before = world.tree.content[world.provider_lock]
    told, _ = lock_providers(world.ports)
    assert not told.changed
    assert world.tree.content[world.provider_lock] is before


def test_existing_lock_is_used_unless_upgrading(world: World) -> None:
    before = world.tree.content[world.provider_lock]
    lock_providers(world.ports, ["linux_arm64", "linux_arm64"])
    lock_providers(world.ports, upgrade=True)
    assert world.terraform.hashed == [(before, ("linux_arm64",)), (b"", PLATFORMS)]


def test_dry_run_writes_nothing(world: World) -> None:
    before = world.tree.content[world.provider_lock]
    told, _ = lock_providers(world.ports, dry_run=True)
    assert (told.changed, told.dry_run) == (True, True)
    assert world.tree.content[world.provider_lock] == before


def test_standalone_stacks_are_locked_too(world: World) -> None:
    world.edit("envctl.toml", PROJECT.decode() + BESIDE)
    world.edit("modules/accounts/main.tf", "")
    lock_providers(world.ports)
    root = json.loads(world.workspace.stacks[lockfile_root.ENVIRONMENT_NAME, lockfile_root.STACK_NAME])
    assert list(root["module"]) == ["accounts", "network", "web"]
    laid = world.workspace.code[lockfile_root.ENVIRONMENT_NAME]
    assert {"org/modules/accounts/main.tf", ".pipeline/modules/web/main.tf"} <= set(laid)


def test_unavailable_platform_is_an_error_only_when_named(world: World) -> None:
    lacking = {AWS: ("windows_amd64",)}
    world.terraform.hashed_providers = HashedProviders(block(AWS, "6.1.0", "h1:linux"), (AWS,), lacking)
    told, error = lock_providers(world.ports)
    assert error is None
    assert told.providers[0].lacking == ("windows_amd64",)
    assert told.providers[0].platforms == PLATFORMS[:-1]
    _, error = lock_providers(world.ports, ["linux_amd64", "windows_amd64"])
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.message) == ("E347", "no package of hashicorp/aws 6.1.0 for windows_amd64")
    assert written(world) == {AWS: ("h1:linux", "h1:mac")}


def test_provider_without_any_platform_is_an_error(world: World) -> None:
    world.terraform.hashed_providers = HashedProviders(b"", (AWS,), {AWS: PLATFORMS})
    _, error = lock_providers(world.ports)
    assert error and error.problems[0].message.startswith("no package of hashicorp/aws for linux_amd64, ")


def test_sandbox_names_where_more_platforms_are_available(world: World) -> None:
    world.sandbox = True
    world.terraform.hashed_providers = HashedProviders(block(AWS, "6.1.0", "h1:linux"), (AWS,), {AWS: PLATFORMS[1:]})
    told, error = lock_providers(world.ports)
    assert error is None
    assert "leave --sandbox out" in told.hint


@pytest.mark.parametrize("platform", ["linux", "linux-amd64", "", "linux_amd64 -upgrade", "-upgrade_x", "Linux_amd64"])
def test_invalid_platform_is_refused_first(platform: str, world: World) -> None:
    assert catch(UsageError, lock_providers, world.ports, [platform]).problems[0].code == "E347"
    assert world.terraform.hashed == []


def test_lock_is_kept_when_terraform_fails(world: World) -> None:
    before = world.tree.content[world.provider_lock]
    world.terraform.hashed_providers = OperationFailedError(Problem("E349", "no version suits"))
    with pytest.raises(OperationFailedError):
        lock_providers(world.ports, upgrade=True)
    assert world.tree.content[world.provider_lock] == before
