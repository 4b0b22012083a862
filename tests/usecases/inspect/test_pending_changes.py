"""`status` compares the working tree with what runs: it never says *up to date* of what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.cli.render.words.attention import list_attention_items
from envctl.cli.render.words.status import is_up_to_date
from envctl.domain.errors import ConfigurationError
from envctl.domain.release.bundle import compute_identity, pack
from envctl.domain.release.wiring import Wiring
from envctl.usecases.inspect.status import EnvironmentStatus, load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import release_store
from envctl.usecases.release.pending_changes import PendingChanges
from tests.fakes.project_files import IMAGE, NETWORK, PROJECT, WEB, project_files
from tests.fakes.world import World
from tests.usecases.steps import deploy_to_staging

DEV, STAGING = "environments/dev/terraform.tfvars", "environments/staging/terraform.tfvars"


@pytest.fixture
def world() -> World:
    return running()


def running() -> World:
    world = World()
    deploy_to_staging(world)
    return world


def of(world: World, environment: str) -> EnvironmentStatus:
    return next(each for each in load_status(world.ports).environments if each.environment == environment)


def pending(world: World, environment: str) -> PendingChanges:
    found = of(world, environment).pending
    assert found is not None
    return found


def sentences(world: World) -> list[str]:
    return [f"{matter.environment}: {matter.sentence}" for matter in list_attention_items(load_status(world.ports))]


def test_deployed_changes_are_not_pending(world: World) -> None:
    assert pending(world, "dev").is_empty
    assert pending(world, "staging").is_empty
    assert of(world, "prod").pending is None
    assert sentences(world) == []


def test_changed_setting_is_counted_and_applied_next(world: World) -> None:
    world.edit(STAGING, 'cidr = "10.99.0.0/16"\nsize = 7\n')
    assert pending(world, "staging").settings.names == ("cidr", "size")
    assert of(world, "staging").next == "envctl apply staging"
    assert pending(world, "dev").is_empty
    assert sentences(world) == ["staging: its settings changed since it was deployed (cidr, size)"]


def test_changed_code_suggests_apply_in_entry(world: World) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + "# other\n")
    found = pending(world, "dev").code
    assert found and (found.state, found.names) == ("changed", ("modules/web/main.tf",))
    assert of(world, "dev").next == "envctl apply dev"
    assert pending(world, "staging").is_empty


def test_new_file_of_module_is_a_code_change(world: World) -> None:
    world.edit("modules/web/more.tf", "# nothing yet\n")
    found = pending(world, "dev").code
    assert found and found.names == ("modules/web/more.tf",)


def test_changed_artifact_is_a_code_change(world: World) -> None:
    world.edit(DEV, f'cidr = "10.10.0.0/16"\nimage = "{IMAGE.replace("a" * 64, "b" * 64)}"\n')
    found = pending(world, "dev").code
    assert found and (found.state, found.names) == ("changed", ("image",))


def test_unreadable_settings_are_unknown(world: World) -> None:
    world.edit(STAGING, "cidr = 5 +\n")
    found = pending(world, "staging").settings
    assert found.state == "unknown"
    assert found.why
    assert sentences(world)[0].startswith("staging: unknown whether its settings changed")


def test_missing_bundle_leaves_changes_unknown(world: World) -> None:
    world.store.content = {key: data for key, data in world.store.content.items() if not key.startswith("releases/")}
    assert pending(world, "staging").settings.state == "unknown"
    found = pending(world, "dev").code
    assert found and (found.state, "is missing" in found.why) == ("unknown", True)
    assert not is_up_to_date(load_status(world.ports))


EDITS: dict[str, tuple[str, ...]] = {
    DEV: (
        f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\n',
        f'image = "{IMAGE}"\ncidr = "10.10.0.0/16"\n',
        f'cidr = "10.11.0.0/16"\nimage = "{IMAGE}"\n',
        f'cidr = "10.10.0.0/16"\nimage = "{IMAGE.replace("a" * 64, "c" * 64)}"\n',
        f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\nsize = 9\n',
        'cidr = "10.10.0.0/16"\n',
    ),
    STAGING: ('cidr = "10.20.0.0/16"\n', '# a word\ncidr = "10.20.0.0/16"\n', 'cidr = "10.21.0.0/16"\n', "cidr = \n"),
    "environments/common.tfvars": ("size = 1\n", "size = 2\n", 'size = "1"\n', ""),
    "modules/network/main.tf": (NETWORK.decode(), NETWORK.decode() + "\n", "variable {"),
    "modules/network/policy.json": ("", "{}"),
    "modules/web/main.tf": (WEB.decode(), WEB.decode() + 'variable "more" {\n  type    = string\n  default = ""\n}\n'),
    "modules/web/sub/main.tf": ("", "# called by nobody\n"),
    "modules/web/tests/x.tftest.hcl": ("", "# no part of a release\n"),
    "modules/other/main.tf": ("", "# of no stack\n"),
    "docs/page.md": ("", "words\n"),
    ".terraform.lock.hcl": ("", "# a lock\n"),
    "envctl.toml": (
        PROJECT.decode(),
        "# a remark\n" + PROJECT.decode(),
        PROJECT.decode() + '\n[stacks.more]\nmodule = "modules/network"\n',
        PROJECT.decode().replace('inputs = { subnet = "network.subnet" }', 'after = ["network"]'),
        PROJECT.decode().replace('module = "modules/web"', 'module = "modules/web"\nafter = ["network"]'),
        PROJECT.decode() + '\n[terraform]\nversion = ">= 1.11"\n',
        PROJECT.decode() + "\n[providers.aws]\nmax_retries = 3\n",
        PROJECT.decode() + '\n[protection]\nstateful = ["aws_x"]\n',
    ),
}
edits = st.fixed_dictionaries({}, optional={path: st.sampled_from(texts) for path, texts in EDITS.items()})


@given(edits)
def test_pending_is_empty_exactly_without_edits(texts: dict[str, str]) -> None:
    world = running()
    for path, text in texts.items():
        if text or path in project_files():
            world.edit(path, text)
    told = load_status(world.ports)
    for each in told.environments[:2]:
        assert each.pending is not None
        current = each.present.current
        assert current is not None
        project = project_file.load_project(world.ports)
        try:
            deployed = _identity(world) if each.environment == "dev" else current.release
            wiring = working_tree.build_release(Context(world.ports, project)).wiring
            wiring = wiring if each.environment == "dev" else _wiring(world, current.release)
            settings = load_settings(Context(world.ports, project), each.environment, wiring).digest(())
        except ConfigurationError:
            # What can't be read can't be deployed: it is either seen to be other, or it is unknown.
            assert each.environment != "dev" or not each.pending.is_empty
            continue
        same = (deployed, settings) == (current.release, current.settings)
        assert each.pending.is_empty == same
    if any(not each.pending.is_empty for each in told.environments if each.pending):
        assert not is_up_to_date(told)


def _identity(world: World) -> str:
    """The name of the release that an apply would make: by reading and packing everything."""
    return compute_identity(
        pack(working_tree.build_release(Context(world.ports, project_file.load_project(world.ports))))
    )


def _wiring(world: World, release: str) -> Wiring:
    found = release_store.load_bundle(world.ports, release)[1]
    assert found is not None
    return found.wiring


def test_pending_check_needs_no_terraform(world: World) -> None:
    before = journal.load(world.ports).seq
    load_status(world.ports)
    assert journal.load(world.ports).seq == before
