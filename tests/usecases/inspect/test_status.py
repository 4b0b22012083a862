"""What status shows when environments are named."""

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.status import load_status
from tests.fakes.world import World


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
