"""What a report knows: made of the ledger and the project file, without a plan and without asking anybody."""

from datetime import timedelta
from functools import cache

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.events import (
    Actor,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Event,
    WaiverUsed,
)
from envctl.domain.ledger.projection.release_matrix import build_release_matrix
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.plan.changes import Action
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.report import Report, build_report
from envctl.usecases.ledger import journal, timeline
from tests.fakes.story import build_fortnight
from tests.fakes.terraform import Killed
from tests.fakes.world import World
from tests.usecases.steps import deploy_edited, deploy_to_staging

OLD, NEW = "a" * 64, "b" * 64


@cache
def fortnight() -> Report:
    return build_report(build_fortnight().ports)


def append(world: World, *events: Event) -> int:
    """The number of the last entry."""
    for event in events:
        journal.append(world.ports, lambda _, event=event: event)  # type: ignore[misc]
    return journal.load(world.ports).seq


def stands(told: Report, environment: str) -> dict[str, str]:
    return {row.release.release: row.stays[environment].standing for row in told.releases}


def test_report_runs_no_terraform_and_asks_no_questions(world: World) -> None:
    apply(world.ports, "dev")
    world.terraform.calls.clear()
    world.prompter.nobody = True
    before = dict(world.store.content)
    build_report(world.ports)
    assert (world.terraform.calls, world.store.content) == ([], before)


def test_an_empty_ledger_makes_an_empty_report(world: World) -> None:
    told = build_report(world.ports)
    assert (told.entries, told.releases, told.timeline.deployments, told.plans) == (0, (), (), ())
    assert [each.environment for each in told.outlooks] == ["dev", "staging", "prod"]


def test_report_is_the_same_for_two_people(world: World) -> None:
    deploy_to_staging(world)
    world.identity.name = "bob@example.com"
    approve_plan(world.ports, "prod", "peer", unseen=("web",))
    seen = []
    for name in ("bob@example.com", "cat@example.com"):
        world.identity.name = name
        told = build_report(world.ports)
        seen.append((told.status.environments[2].gates, told.outlooks[2].approvals, told.outlooks[2].why.who))
    assert (seen[0], seen[0][0]) == (seen[1], {"peer": (1, 1), "business": (0, 2)})
    assert [given.by for given in seen[0][1]] == [Actor("bob@example.com")]


def test_entries_recorded_later_are_left_out(world: World) -> None:
    apply(world.ports, "dev")
    present = journal.load(world.ports)
    deploy_edited(world, 1)
    assert [each.deployment.seq for each in timeline.load_timeline(world.ports, present, 50).deployments] == [2]


class TestReleases:
    def test_report_shows_where_each_release_runs(self, world: World) -> None:
        first = deploy_to_staging(world)
        second = deploy_edited(world, 1)
        told = build_report(world.ports)
        assert stands(told, "dev") == {second: "runs", first: "left"}
        assert stands(told, "staging") == {second: "never", first: "runs"}

    def test_failed_and_unfinished_releases_are_distinguished(self, world: World) -> None:
        append(world, ReleaseCreated(release=OLD), ReleaseCreated(release=NEW))
        start = append(world, DeploymentStarted(environment="dev", release=OLD, settings="s", action="apply"))
        append(
            world,
            DeploymentFailed(environment="dev", release=OLD, started=start, reason="no"),
            DeploymentStarted(environment="dev", release=NEW, settings="s", action="apply"),
        )
        assert stands(build_report(world.ports), "dev") == {NEW: "unfinished", OLD: "failed"}

    def test_destroyed_release_is_shown_as_left(self, world: World) -> None:
        release = apply(world.ports, "dev").release
        destroy(world.ports, "dev")
        assert stands(build_report(world.ports), "dev") == {release: "left"}

    def test_old_releases_are_omitted_unless_they_run(self, world: World) -> None:
        append(world, ReleaseCreated(release=OLD))
        start = append(
            world, DeploymentStarted(environment="prod", release=OLD, settings="s", action="promote", source="staging")
        )
        append(world, DeploymentSucceeded(environment="prod", release=OLD, started=start, stacks=("network",)))
        append(world, *(ReleaseCreated(release=f"{number:064}") for number in range(30)))
        told = build_report(world.ports)
        assert (len(told.releases), told.more_releases) == (21, 10)
        assert stands(told, "prod")[OLD] == "runs"

    def test_outcome_before_the_read_range_is_unknown(self, world: World) -> None:
        append(world, ReleaseCreated(release=OLD))
        start = append(world, DeploymentStarted(environment="dev", release=OLD, settings="s", action="apply"))
        append(world, DeploymentFailed(environment="dev", release=OLD, started=start, reason="no"))
        append(
            world,
            ReleaseCreated(release=NEW),
            *(WaiverUsed(environment="prod", release=NEW, reason="x", guards=(), refusals=()) for _ in range(2)),
        )
        present = journal.load(world.ports)
        seen = timeline.load_timeline(world.ports, present, 50, through=3)
        assert seen.more
        rows = build_release_matrix(
            present, ["staging"], dict(timeline.list_last_attempts(seen.deployments)), seen.since, 20
        )
        assert [row.stays["staging"].standing for row in rows] == ["never", "unknown"]


class TestTimeline:
    def test_each_deployment_has_outcome_and_verification(self) -> None:
        told = fortnight().timeline
        assert not told.more
        assert [
            (each.environment, each.deployment.action, each.deployment.outcome, each.verified)
            for each in told.deployments
            if each.deployment.outcome != "succeeded" or each.verified != "passed"
        ] == [
            ("dev", "apply", "failed", ""),
            ("dev", "apply", "succeeded", "failed"),
            ("staging", "promote", "failed", ""),
            ("dev", "apply", "failed", ""),
        ]
        assert [each.deployment.outcome for each in told.deployments if each.deployment.waiver] == ["succeeded"]

    def test_timeline_equals_the_ledger_state(self) -> None:
        told = fortnight()
        for each in told.status.environments:
            last = next(done for done in told.timeline.deployments if done.environment == each.environment)
            assert last.deployment == each.present.last

    def test_first_end_of_a_deployment_counts(self, world: World) -> None:
        append(world, ReleaseCreated(release=OLD))
        start = append(world, DeploymentStarted(environment="dev", release=OLD, settings="s", action="apply"))
        append(
            world,
            DeploymentAbandoned("dev", OLD, start, "gone"),
            DeploymentSucceeded(environment="dev", release=OLD, started=start, stacks=()),
        )
        (only,) = build_report(world.ports).timeline.deployments
        assert only.deployment.outcome == "abandoned"

    def test_unfinished_deployment_shows_its_waiver(self, world: World) -> None:
        append(world, ReleaseCreated(release=OLD))
        start = append(world, DeploymentStarted(environment="dev", release=OLD, settings="s", action="apply"))
        waiver = append(
            world,
            WaiverUsed(environment="dev", release=OLD, reason="now", guards=("G301",), refusals=("no",), started=start),
        )
        (only,) = build_report(world.ports).timeline.deployments
        assert only.deployment.waiver == waiver

    @pytest.mark.slow
    def test_older_deployments_are_omitted(self, world: World) -> None:
        append(world, ReleaseCreated(release=OLD))
        for _ in range(51):
            start = append(world, DeploymentStarted(environment="dev", release=OLD, settings="s", action="apply"))
            append(world, DeploymentFailed(environment="dev", release=OLD, started=start, reason="no"))
        told = build_report(world.ports).timeline
        assert (len(told.deployments), told.more) == (50, True)


class TestPlans:
    def test_every_deployment_stores_its_plan_fingerprint(self, world: World) -> None:
        deploy_to_staging(world)
        deploy_edited(world, 1)
        rollback(world.ports, "dev")
        told = build_report(world.ports).plans
        assert [(each.environment, each.deployment.action) for each in told] == [
            ("dev", "rollback"),
            ("staging", "promote"),
        ]
        assert [each.counts for each in told] == [{Action.UPDATE: 2}, {Action.CREATE: 1}]
        assert [each.fingerprint for each in told] == [
            entry.event.plan
            for entry in journal.read_entries(world.ports, [each.deployment.seq for each in told])
            if isinstance(entry.event, DeploymentStarted)
        ]

    def test_plan_fingerprint_is_stored_before_apply(self, world: World) -> None:
        world.terraform.dies_on.add(("dev", "network"))
        with pytest.raises(Killed):
            apply(world.ports, "dev")
        (only,) = build_report(world.ports).plans
        assert only.plan is not None

    def test_stored_plan_fingerprint_has_no_values(self, world: World) -> None:
        apply(world.ports, "dev")
        kept = b"".join(data for key, data in world.store.content.items() if key.startswith("plans/"))
        assert kept
        assert world.terraform.reality["dev", "network"].encode() not in kept

    @pytest.mark.parametrize("damage", [None, b"{}"], ids=["one that is gone", "one that was changed"])
    def test_missing_or_altered_plan_is_not_shown(self, world: World, damage: bytes | None) -> None:
        apply(world.ports, "dev")
        for key in [key for key in world.store.content if key.startswith("plans/")]:
            del world.store.content[key]
            if damage is not None:
                world.store.content[key] = damage
        (only,) = build_report(world.ports).plans
        assert (only.plan, only.counts) == (None, None)
        assert only.fingerprint

    @pytest.mark.slow
    def test_long_plan_is_truncated_with_a_count(self) -> None:
        (staging,) = (each for each in fortnight().plans if each.environment == "staging")
        assert staging.plan and sum(len(stack.resources) for stack in staging.plan.stacks) == 100
        assert (staging.more, sum((staging.counts or {}).values())) == (17, 117)

    def test_unreadable_entry_is_an_error(self, world: World) -> None:
        apply(world.ports, "dev")
        world.store.content["ledger/0000000002.json"] = b"{}"
        with pytest.raises(OperationFailedError, match="E401"):
            list(journal.read_entries(world.ports, [2]))


def test_drift_is_shown_until_the_next_deployment(world: World) -> None:
    apply(world.ports, "dev")
    world.terraform.drifted.add(("dev", "web"))
    check_drift(world.ports, ["dev"])
    seen = build_report(world.ports).status.environments[0].present.drift
    assert seen and seen.resources == ("web: terraform_data.web",)
    deploy_edited(world, 1)
    assert build_report(world.ports).status.environments[0].present.drift is None


def test_each_environment_shows_its_requirements() -> None:
    dev, _, prod = fortnight().outlooks
    assert (dev.asked.soak, dev.asked.windows, dev.asked.protected) == (timedelta(), (), False)
    assert (prod.asked.soak, prod.asked.max_age, prod.asked.expires) == (
        timedelta(days=1),
        timedelta(days=14),
        timedelta(days=3),
    )
    assert str(prod.asked.windows[0]).startswith('deny window "year end"')
    assert [each.code for each in prod.why.answers if each.outcome == "refuses"] == ["G103", "G108", "G110", "G106"]
