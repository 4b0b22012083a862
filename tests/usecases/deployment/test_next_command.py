"""After a deployment, the next command leads on."""

from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.next_command import add_next_command
from envctl.usecases.deployment.promote import promote
from tests.fakes.world import World


def test_promotion_is_suggested_once(world: World) -> None:
    first = add_next_command(world.ports, apply(world.ports, "dev"))
    assert first.next == "envctl promote dev staging"
    promote(world.ports, "dev", "staging")
    again = add_next_command(world.ports, apply(world.ports, "dev"))
    assert (again.up_to_date, again.next) == (True, "")
