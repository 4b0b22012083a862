"""After a deployment, the next command leads on."""

from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from tests.fakes.world import World


def test_promotion_is_suggested_once(world: World) -> None:
    assert apply(world.ports, "dev").next == "envctl promote dev staging"
    promote(world.ports, "dev", "staging")
    again = apply(world.ports, "dev")
    assert (again.up_to_date, again.next) == (True, "")
