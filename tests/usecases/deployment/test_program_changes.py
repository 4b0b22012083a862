"""The Terraform of a deployment is recorded, and another one than in the source is told."""

import pytest

from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.export import export_deployments
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ports.terraform import InstalledTerraform
from tests.fakes.world import World
from tests.usecases.account.test_bootstrap import on_aws

ONE, TWO = "a" * 64, "b" * 64
TERRAFORM = InstalledTerraform("/usr/bin/terraform", "1.11.4", sha256=ONE)
PIN = (
    f'[terraform.pin]\nprogram = "terraform"\nversion = "1.11.4"\n'
    f'sha256 = {{ linux_amd64 = "{ONE}", linux_arm64 = "{TWO}" }}\n'
)


def find_told(world: World) -> list[str]:
    return [each for each in world.observer.heard if "was deployed with" in each]


def promote_with(now: InstalledTerraform, *, pin: str = "") -> list[str]:
    """Return what is told when `now` promotes a release that TERRAFORM has deployed to dev."""
    world = World()
    world.tree.content["envctl.toml"] += pin.encode()
    world.terraform.installed_terraform = TERRAFORM
    apply(world.ports, "dev")
    world.terraform.installed_terraform = now
    promote(world.ports, "dev", "staging")
    return find_told(world)


CHANGES = {
    "the same": (TERRAFORM, []),
    "another version": (
        InstalledTerraform("/usr/bin/terraform", "1.12.0", sha256=TWO),
        ["dev was deployed with Terraform 1.11.4, staging is to be deployed with Terraform 1.12.0"],
    ),
    "another program": (
        InstalledTerraform("/usr/bin/tofu", "1.12.0", sha256=TWO),
        [
            (
                "dev was deployed with Terraform 1.11.4, staging is to be deployed with OpenTofu 1.12.0;"
                " their providers may come from different registries"
            )
        ],
    ),
    "another build": (
        InstalledTerraform("/usr/bin/terraform", "1.11.4", sha256=TWO),
        [
            (
                "dev was deployed with another build of Terraform 1.11.4 than staging is to be deployed with:"
                " SHA-256 aaaaaaaaaaaa, now bbbbbbbbbbbb"
            )
        ],
    ),
    "a script of the same version": (InstalledTerraform("/usr/bin/terraform", "1.11.4"), []),
}


@pytest.mark.parametrize(("now", "told"), CHANGES.values(), ids=CHANGES.keys())
def test_other_program_than_in_source_is_told(now: InstalledTerraform, told: list[str]) -> None:
    assert promote_with(now) == told


def test_two_platforms_of_one_pin_are_one_program() -> None:
    assert promote_with(InstalledTerraform("/x/terraform", "1.11.4", sha256=TWO, pinned="terraform"), pin=PIN) == []


def test_start_records_program_digest_and_pin() -> None:
    world = World()
    world.tree.content["envctl.toml"] += PIN.encode()
    world.terraform.installed_terraform = InstalledTerraform("/x/terraform", "1.11.4", sha256=ONE, pinned="terraform")
    apply(world.ports, "dev")
    (found,) = export_deployments(world.ports).deployments
    assert (found.program, found.program_sha256, found.program_pinned) == ("Terraform 1.11.4", ONE, True)


@pytest.mark.parametrize("recorded", [ONE, TWO, "c" * 64])
def test_why_tells_how_the_pin_differs(recorded: str) -> None:
    world = World()
    world.terraform.installed_terraform = InstalledTerraform("/usr/bin/terraform", "1.11.4", sha256=recorded)
    apply(world.ports, "dev")
    assert not explain_refusal(world.ports, "staging").program
    world.tree.content["envctl.toml"] += PIN.encode()
    told = explain_refusal(world.ports, "staging").program
    assert told == "" if recorded in (ONE, TWO) else "another build of Terraform 1.11.4" in told
    world.tree.content["envctl.toml"] = world.tree.content["envctl.toml"].replace(b'"1.11.4"', b'"1.12.0"')
    assert "staging is to be deployed with Terraform 1.12.0" in explain_refusal(world.ports, "staging").program


def test_status_tells_unpinned_terraform_of_real_accounts() -> None:
    assert not load_status(World().ports).unpinned
    world = on_aws()
    assert load_status(world.ports).unpinned
    world.sandbox = True
    assert not load_status(world.ports).unpinned
    world.sandbox = False
    world.tree.content["envctl.toml"] += PIN.encode()
    assert not load_status(world.ports).unpinned
