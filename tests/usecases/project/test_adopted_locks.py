"""The lock of the project, made from those of its root modules: provider versions do not jump."""

from envctl.domain.terraform.provider_lock import split_provider_blocks
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file
from envctl.usecases.project.root_modules import adopt_lock
from tests.fakes.world import World

AWS, RANDOM = "registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/random"
LOCK = ".terraform.lock.hcl"
PROJECT = """
[project]
name = "shop"
[pipeline]
order = ["dev"]
[environments.dev]
[stacks.base]
root = "live/base"
[stacks.web]
root = "live/web"
"""


def block(address: str, version: str, *hashes: str) -> str:
    listed = "".join(f'    "{each}",\n' for each in hashes)
    return f'provider "{address}" {{\n  version = "{version}"\n  hashes = [\n{listed}  ]\n}}\n'


def adopt(base: str, web: str, own: str = "") -> tuple[dict[str, bytes], list[str]]:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", PROJECT)
    for name, lock in (("live/base/", base), ("live/web/", web), ("", own)):
        if lock:
            world.edit(f"{name}{LOCK}", lock)
    adopt_lock(Context(world.ports, project_file.load_project(world.ports)))
    return split_provider_blocks(world.tree.content.get(LOCK, b"")), world.observer.heard


def test_lock_of_a_root_keeps_versions_and_hashes() -> None:
    found, said = adopt(block(AWS, "3.39.0", "zh:aa", "zh:bb"), block(RANDOM, "3.1.0", "h1:cc="))
    assert [*found] == [AWS, RANDOM]
    assert b'"3.39.0"' in found[AWS]
    assert b'"zh:aa"' in found[AWS]
    assert b"h1:" not in found[AWS], "Terraform adds the hash of what it unpacks"
    assert b'"h1:cc="' in found[RANDOM]
    assert len(said) == 2


def test_first_of_two_versions_is_taken_and_said() -> None:
    found, said = adopt(block(AWS, "3.39.0", "zh:aa"), block(AWS, "4.0.0", "zh:bb") + block(RANDOM, "3.1.0", "zh:cc"))
    assert [*found] == [AWS, RANDOM]
    assert b'"3.39.0"' in found[AWS]
    assert b"zh:bb" not in found[AWS], "a hash of another version"
    assert any("live/web/.terraform.lock.hcl has other versions of hashicorp/aws" in each for each in said)


def test_hashes_of_one_version_come_together() -> None:
    found, said = adopt(block(AWS, "3.39.0", "zh:aa"), block(AWS, "3.39.0", "h1:bb="))
    assert b"zh:aa" in found[AWS]
    assert b"h1:bb=" in found[AWS]
    assert not any("other versions" in each for each in said)


def test_lock_of_the_project_stays() -> None:
    found, said = adopt(block(AWS, "3.39.0", "zh:aa"), "", own=block(AWS, "4.0.0", "zh:bb"))
    assert b'"4.0.0"' in found[AWS]
    assert said == []
