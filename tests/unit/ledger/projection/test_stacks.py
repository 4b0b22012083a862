"""Which stacks an environment holds, after whatever happened to them."""

from collections.abc import Iterable

from envctl.domain.ledger.events import DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.ledger.state_events import StateMoved
from tests.unit.ledger.ledger_strategies import story


def dev(*events: Event) -> EnvironmentState:
    return apply_entries(story(*events)).find_environment("dev")


def started(*creates: str, action: str = "apply") -> Event:
    return DeploymentStarted(environment="dev", release="r1", settings="s", action=action, creates=creates)  # type: ignore[arg-type]


def both(one: Iterable[str], other: Iterable[str]) -> tuple[set[str], set[str]]:
    return set(one), set(other)


def test_begun_stack_is_held_until_it_is_applied() -> None:
    begun = dev(started("web", "edge"))
    assert both(begun.stacks, begun.half_made) == (set(), {"web", "edge"})
    done = dev(started("web"), DeploymentSucceeded(environment="dev", release="r1", started=1, stacks=("web",)))
    assert both(done.stacks, done.half_made) == ({"web"}, set())


def test_untouched_stack_of_a_failure_is_not_held() -> None:
    failed = DeploymentFailed(
        environment="dev", release="r1", started=1, reason="E305", stacks=("base",), untouched=("edge",)
    )
    here = dev(started("base", "web", "edge"), failed)
    assert both(here.stacks, here.half_made) == ({"base"}, {"web"})


def test_stack_that_left_is_held_no_longer() -> None:
    first = (
        started("base", "web"),
        DeploymentSucceeded(environment="dev", release="r1", started=1, stacks=("base", "web")),
    )
    gone = dev(
        *first,
        started(),
        DeploymentSucceeded(environment="dev", release="r1", started=3, stacks=("base",), left=("web",)),
    )
    assert gone.held_stacks == {"base"}
    halfway = dev(
        *first, started(), DeploymentFailed(environment="dev", release="r1", started=3, reason="E305", left=("web",))
    )
    assert halfway.held_stacks == {"base"}


def test_forgotten_stack_is_known_as_that() -> None:
    first = (
        started("base", "web"),
        DeploymentSucceeded(environment="dev", release="r1", started=1, stacks=("base", "web")),
    )
    forgot = (
        *first,
        started(),
        DeploymentSucceeded(environment="dev", release="r1", started=3, stacks=("base",), forgot=("web",)),
    )
    assert both(dev(*forgot).held_stacks, dev(*forgot).forgotten) == ({"base"}, {"web"})
    again = dev(
        *forgot, started("web"), DeploymentSucceeded(environment="dev", release="r1", started=5, stacks=("base", "web"))
    )
    assert both(again.held_stacks, again.forgotten) == ({"base", "web"}, set())
    gone = dev(
        *forgot, started(action="destroy"), DeploymentSucceeded(environment="dev", release="r1", started=5, stacks=())
    )
    assert both(gone.held_stacks, gone.forgotten) == (set(), {"web"})


def test_moved_state_is_that_of_the_other_stack() -> None:
    first = (started("web"), DeploymentSucceeded(environment="dev", release="r1", started=1, stacks=("web",)))
    moved = (*first, started(), StateMoved(environment="dev", release="r1", started=3, stack="web", to="front"))
    assert both(dev(*moved).stacks, dev(*moved).renamed) == ({"front"}, {"front"})
    done = dev(*moved, DeploymentSucceeded(environment="dev", release="r1", started=3, stacks=("front",)))
    assert both(done.stacks, done.renamed) == ({"front"}, set())


def test_move_of_another_deployment_says_nothing() -> None:
    first = (started("web"), DeploymentSucceeded(environment="dev", release="r1", started=1, stacks=("web",)))
    assert dev(*first, StateMoved(environment="dev", release="r1", started=1, stack="web", to="front")).stacks == {
        "web"
    }
    assert dev(
        *first, started(), StateMoved(environment="dev", release="r1", started=3, stack="edge", to="front")
    ).stacks == {"web"}
