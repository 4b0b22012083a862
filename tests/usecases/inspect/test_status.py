"""What status shows when environments are named, and which of them had no drift check for too long."""

from dataclasses import replace
from datetime import timedelta

import pytest

from envctl.domain.errors import UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.status import check_drift_age, load_status
from tests.fakes.world import World
from tests.usecases.steps import deploy_edited, deploy_to_staging

NIGHT, HOUR = timedelta(hours=26), timedelta(hours=1)


def test_named_environments_alone_are_shown(world: World) -> None:
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    whole, part = load_status(world.ports), load_status(world.ports, ["staging"])
    assert [each.environment for each in whole.environments] == ["dev", "staging", "prod"]
    assert part.environments == (whole.environments[1],)
    assert (part.environments[0].previous, whole.environments[0].previous) == ("dev", "")


def test_unknown_environment_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="unknown environment"):
        load_status(world.ports, ["stagin"])


def list_overdue(world: World, *names: str) -> list[str]:
    """Return the messages of `status --max-drift-age 26h`."""
    error = check_drift_age(load_status(world.ports, names), NIGHT)
    return [problem.message for problem in error.problems] if error else []


def test_running_environment_without_drift_check_is_overdue(world: World) -> None:
    deploy_to_staging(world)
    error = check_drift_age(load_status(world.ports), NIGHT)
    assert error is not None
    assert (error.exit_code, [problem.code for problem in error.problems]) == (ExitCode.FAILED, ["E329", "E329"])
    assert [problem.message for problem in error.problems] == [
        "dev was never checked for drift",
        "staging was never checked for drift",
    ], "prod runs nothing"
    assert "envctl drift staging" in error.problems[1].hint


def test_drift_check_counts_until_the_limit(world: World) -> None:
    deploy_to_staging(world)
    check_drift(world.ports)
    assert list_overdue(world) == []
    world.clock.time += NIGHT - HOUR
    check_drift(world.ports, ["dev"])
    world.clock.time += 2 * HOUR
    assert list_overdue(world) == ["the last drift check of staging was 1 d 3 h ago; the limit is 1d2h"]
    assert list_overdue(world, "dev") == []


def test_check_before_a_deployment_still_counts(world: World) -> None:
    deploy_to_staging(world)
    check_drift(world.ports)
    world.clock.time += HOUR
    deploy_edited(world, 1)
    assert list_overdue(world) == []
    world.clock.time += NIGHT - HOUR
    deploy_edited(world, 2)
    assert len(list_overdue(world, "dev")) == 1, "a deployment is no check"


def test_check_that_found_drift_counts_and_unknown_does_not(world: World) -> None:
    deploy_to_staging(world)
    world.terraform.drifted.add(("dev", "web"))
    check_drift(world.ports, ["dev"])
    assert list_overdue(world, "dev") == []
    world.terraform.drifted.clear()
    world.terraform.unreachable.add(("staging", "web"))
    check_drift(world.ports, ["staging"])
    assert len(list_overdue(world, "staging")) == 1


def test_check_in_the_future_does_not_count(world: World) -> None:
    deploy_to_staging(world)
    check_drift(world.ports)
    status = load_status(world.ports)
    assert check_drift_age(replace(status, now=status.now - HOUR), NIGHT) is None, "clocks differ a little"
    assert check_drift_age(replace(status, now=status.now - 2 * NIGHT), NIGHT) is not None
