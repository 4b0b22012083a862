"""`plan --release`, `plan --explain` and `preview` on in-memory ports: they look ahead, and leave nothing behind."""

import pytest

from envctl.domain.errors import ConfigurationError, OperationFailedError, UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.domain.reading.reading import Reading
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment.apply import apply
from envctl.usecases.inspect.explain_plan import ExplainedPlan, explain_plan
from envctl.usecases.inspect.preview import plan_stored_release, preview_environments
from envctl.usecases.ledger.ledger_store import release_key
from envctl.usecases.ports.core import PlanAnswer
from tests.catching import catch
from tests.fakes.project_files import NETWORK, WEB
from tests.fakes.terminal import ScriptedPrompter
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_to_staging

DEV, STAGING, PROD = (f"environments/{name}/terraform.tfvars" for name in ("dev", "staging", "prod"))


def edited(world: World, what: str = "# more\n") -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + what)


def left_behind(world: World) -> tuple[object, ...]:
    """All that a command could leave behind for others to find."""
    return dict(world.store.content), dict(world.terraform.reality), world.head_cache.seen, dict(world.tree.content)


class TestPreview:
    def test_preview_plans_working_tree_everywhere_without_recording(self, world: World) -> None:
        apply(world.ports, "dev")
        edited(world)
        before = left_behind(world)
        told = preview_environments(world.ports)
        assert left_behind(world) == before
        assert world.terraform.planned == {}
        assert told.release == ""
        assert [each.environment for each in told.environments] == ["dev", "staging", "prod"]
        dev, staging, prod = (each.plan for each in told.environments)
        assert dev and [resource.action for resource in dev.stacks[0].resources] == [Action.UPDATE]
        assert staging is not None
        assert prod is not None
        assert staging.stacks[0].resources[0].action == Action.CREATE
        assert staging.stacks[1].waits_for == ("network",)

    def test_changes_of_a_request_besides_resources_are_named(self, world: World) -> None:
        world.edit("modules/network/main.tf", NETWORK.decode() + 'resource "null_resource" "x" {} # local-exec')
        paths = ["envctl.toml", "modules/network/main.tf", "modules/web/main.tf", ".github/workflows/ci.yml"]
        world.version_control.lies_in, world.version_control.changed = "", {"base": paths}
        assert preview_environments(world.ports).request_changes == ()
        world.job_requests.base = "base"
        found = preview_environments(world.ports).request_changes
        assert [str(each) for each in found] == [
            "rules (envctl.toml)",
            "workflows (.github/workflows/ci.yml)",
            "programs (modules/network/main.tf)",
        ]
        world.job_requests.base = "gone"
        assert preview_environments(world.ports).request_changes == ()

    def test_release_is_planned_where_promotion_is_not_allowed(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        edited(world)
        told = preview_environments(world.ports, ["prod"], release=shorten_id(release))
        assert (told.release, [each.environment for each in told.environments]) == (release, ["prod"])

    def test_unfit_settings_do_not_hide_other_plans(self, world: World) -> None:
        world.edit("modules/web/main.tf", WEB.decode() + 'variable "new" { type = string }\n')
        world.edit(DEV, world.tree.content[DEV].decode() + 'new = "x"\n')
        told = preview_environments(world.ports)
        assert [bool(each.plan) for each in told.environments] == [True, False, False]
        assert [problem.code for problem in told.environments[1].problems] == ["E205"]
        assert told.exit_code() == ExitCode.CONFIGURATION

    def test_unplannable_environment_does_not_hide_other_plans(self, world: World) -> None:
        world.workspace.held.add("staging")
        told = preview_environments(world.ports)
        assert [bool(each.plan) for each in told.environments] == [True, False, True]
        assert told.exit_code() == ExitCode.LOCK_HELD

    def test_detailed_exit_code_tells_of_changes(self, world: World) -> None:
        assert (
            preview_environments(world.ports).exit_code(),
            preview_environments(world.ports).exit_code(detailed=True),
        ) == (0, 2)
        apply(world.ports, "dev")
        assert preview_environments(world.ports, ["dev"]).exit_code(detailed=True) == 0

    @pytest.mark.parametrize("release", ["beef", "be"], ids=["nobody's", "too short"])
    def test_unknown_release_is_refused(self, world: World, release: str) -> None:
        with pytest.raises(UsageError, match="no release"):
            preview_environments(world.ports, release=release)

    def test_unknown_environment_is_refused(self, world: World) -> None:
        with pytest.raises(UsageError, match="unknown environment 'prd'"):
            preview_environments(world.ports, ["prd"])

    def test_damaged_bundle_is_reported(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        world.store.content[release_key(release)] += b"x"
        with pytest.raises(OperationFailedError, match="is damaged"):
            preview_environments(world.ports, release=release)


class TestPlanOfARelease:
    def test_plan_of_stored_release_records_nothing(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        before = left_behind(world)
        plan = plan_stored_release(world.ports, "prod", shorten_id(release))
        assert left_behind(world) == before
        assert (plan.environment, plan.release) == ("prod", release)
        assert plan.changes

    def test_unfit_settings_are_reported_with_their_line(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        world.edit(PROD, 'cidr = "10.30.0.0/16"\nsize = "large"\n')
        raised = catch(ConfigurationError, plan_stored_release, world.ports, "prod", release)
        assert [str(problem.location) for problem in raised.problems] == [f"{PROD}:2"]


class TestExplain:
    def causes(self, told: ExplainedPlan) -> list[str]:
        return [part.cause for part in told.parts]

    def test_code_change_is_explained(self, world: World) -> None:
        runs = apply(world.ports, "dev").release
        edited(world)
        before = left_behind(world)
        told = explain_plan(world.ports, "dev")
        assert left_behind(world) == before
        assert (self.causes(told), told.runs, told.release) == (["release"], runs, "")
        assert told.code and [module.module for module in told.code.modules] == ["modules/network"]
        assert told.settings == ()

    def test_settings_change_is_explained_with_its_line(self, world: World) -> None:
        apply(world.ports, "dev")
        world.edit(DEV, world.tree.content[DEV].decode() + "size = 9\n")
        told = explain_plan(world.ports, "dev")
        assert self.causes(told) == ["settings"]
        (pair,) = told.settings
        assert (pair.name, pair.first and pair.first.value, pair.second and pair.second.value) == ("size", 1, 9)
        assert str(pair.second and pair.second.location) == f"{DEV}:3"
        assert told.code is None

    def test_artifact_change_is_explained_as_release_change(self, world: World) -> None:
        apply(world.ports, "dev")
        world.edit(DEV, world.tree.content[DEV].decode().replace("a" * 64, "b" * 64))
        told = explain_plan(world.ports, "dev")
        assert self.causes(told) == ["release"]
        assert [pair.variable for pair in told.artifacts] == ["image"]
        assert told.settings == ()

    def test_first_deployment_is_explained_by_release(self, world: World) -> None:
        told = explain_plan(world.ports, "dev")
        assert (self.causes(told), told.runs, told.unexplained) == (["release"], "", "")

    def test_plan_of_another_release_is_explained(self, world: World) -> None:
        first = deploy_to_staging(world)
        edited(world)
        second = apply(world.ports, "dev").release
        told = explain_plan(world.ports, "staging", release=shorten_id(second))
        assert (told.runs, told.release, self.causes(told)) == (first, second, ["release"])
        assert explain_plan(world.ports, "staging").parts == ()

    def test_new_settings_are_omitted_for_the_old_code(self, world: World) -> None:
        apply(world.ports, "dev")
        world.edit("modules/web/main.tf", WEB.decode() + 'variable "new" { type = string }\n')
        world.edit(DEV, world.tree.content[DEV].decode() + 'new = "x"\n')
        told = explain_plan(world.ports, "dev")
        assert (self.causes(told), told.unexplained) == (["release"], "")
        assert [pair.name for pair in told.settings] == ["new"]

    def test_value_removed_with_its_variable_is_release_change(self, world: World) -> None:
        apply(world.ports, "dev")
        world.edit("modules/web/main.tf", WEB.decode().replace('variable "size" { type = number }\n', ""))
        world.edit("environments/common.tfvars", "")
        told = explain_plan(world.ports, "dev")
        assert (self.causes(told), told.unexplained) == (["release"], "")

    def test_missing_stored_settings_are_reported_as_unexplained(self, world: World) -> None:
        apply(world.ports, "dev")
        for key in [key for key in world.store.content if key.startswith("settings/")]:
            del world.store.content[key]
        world.edit(DEV, world.tree.content[DEV].decode() + "size = 9\n")
        told = explain_plan(world.ports, "dev")
        assert self.causes(told) == ["settings"]
        assert "were not stored" in told.unexplained

    @pytest.mark.parametrize("data", [b"", b"{}", b'{"format": 2}', b'{"format":1,"settings":[{}]}', b"\xff"])
    def test_unreadable_stored_settings_count_as_missing(self, world: World, data: bytes) -> None:
        apply(world.ports, "dev")
        (key,) = [key for key in world.store.content if key.startswith("settings/")]
        world.store.content[key] = data
        world.edit(DEV, world.tree.content[DEV].decode() + "size = 9\n")
        assert "were not stored" in explain_plan(world.ports, "dev").unexplained

    def test_damaged_bundle_of_running_release_is_reported(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        edited(world)
        world.store.content[release_key(release)] += b"x"
        told = explain_plan(world.ports, "dev")
        assert self.causes(told) == ["release"]
        assert "missing or damaged" in told.unexplained

    def test_secret_setting_is_never_stored(self, world: World) -> None:
        world.edit("modules/web/main.tf", WEB.decode() + 'variable "key" {\n  type = string\n  sensitive = true\n}\n')
        world.edit(DEV, world.tree.content[DEV].decode() + 'key = "planted-one"\n')
        apply(world.ports, "dev")
        world.edit(DEV, world.tree.content[DEV].decode().replace("planted-one", "planted-two"))
        told = explain_plan(world.ports, "dev")
        assert "planted" not in repr(told)
        assert not any(b"planted" in data for data in world.store.content.values())

    def test_deployment_stores_its_settings_once(self, world: World) -> None:
        apply(world.ports, "dev")
        edited(world)
        apply(world.ports, "dev")
        assert len([key for key in world.store.content if key.startswith("settings/")]) == 1
        assert [entry.event.kind for entry in list_entries(world)].count("deployment succeeded") == 2

    @pytest.mark.parametrize("text", ["size = ", "size = 9\n"], ids=["a torn file", "another value"])
    def test_file_saved_during_deployment_changes_nothing(self, world: World, text: str) -> None:
        class Saving(ScriptedPrompter):
            def confirm_plan(self, plan: EnvironmentPlan, reading: Reading | None, *, again: bool) -> PlanAnswer:
                world.edit(DEV, world.tree.content[DEV].decode() + text)
                return "yes"

        world.prompter = Saving()
        deployed = apply(world.ports, "dev").deployment
        assert deployed is not None
        (kept,) = [key for key in world.store.content if key.startswith("settings/")]
        assert deployed.settings in kept
