"""Which stacks a ledger knows to have begun with: what their states hold is its own."""

import pytest

from envctl.domain.ledger.events import DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.ledger.state_events import ImportStarted
from envctl.domain.operation import Operation
from tests.unit.ledger.projection.entry_lists import abandoned, dev, failed, started

BOTH, WEB, NEW = ("network", "web"), ("web",), "db"


def begins(*stacks: str, only: tuple[str, ...] = (), environment: str = "dev", destroys: bool = False) -> Event:
    action: Operation = "destroy" if destroys else "apply"
    return DeploymentStarted(
        environment=environment, release="r1", settings="settings", action=action, only=only, stacks=stacks
    )


def ended(start: int, *stacks: str, partial: bool = False) -> Event:
    return DeploymentSucceeded(environment="dev", release="r1", started=start, stacks=stacks, partial=partial)


def destroyed(start: int) -> Event:
    return ended(start)


def known(there: EnvironmentState) -> set[str]:
    return {name for name in (*BOTH, NEW) if there.has_begun(name)}


ALL = {*BOTH, NEW}
HAPPENED: dict[str, tuple[list[Event], set[str]]] = {
    "nothing": ([], set()),
    "one that is unfinished": ([begins(*BOTH)], {*BOTH}),
    "one that failed before any stack was applied": ([begins(*BOTH), failed(1)], {*BOTH}),
    "one that was interrupted": ([begins(*BOTH), failed(1, interrupted=True)], {*BOTH}),
    "one that was abandoned": ([begins(*BOTH), abandoned(1)], {*BOTH}),
    "one that succeeded": ([begins(*BOTH), ended(1, *BOTH)], {*BOTH}),
    "one of some stacks": ([begins(only=WEB), ended(1, *WEB, partial=True)], {*WEB}),
    "one of some stacks that failed": ([begins(only=WEB), failed(1)], {*WEB}),
    "one after another": ([begins("network"), failed(1), begins("web")], {*BOTH}),
    "an import before any deployment": ([ImportStarted("dev", "r1", "web", "module.web.aws_vpc.main")], {"web"}),
    "one elsewhere": ([begins(*BOTH, environment="staging")], set()),
    "one that destroyed everything": ([begins(*BOTH), begins(*BOTH, destroys=True), destroyed(2)], set()),
    "one that failed to destroy": ([begins(*BOTH), begins(*BOTH, destroys=True), failed(2)], {*BOTH}),
    "one after all": ([begins(*BOTH), begins(*BOTH, destroys=True), destroyed(2), begins("web"), failed(4)], {"web"}),
    "an old one that succeeded": ([started(), ended(1, *BOTH)], {*BOTH}),
    "an old one of which nothing is known yet": ([started()], ALL),
    "an old one that failed": ([started(), failed(1)], ALL),
    "an old one that was abandoned": ([started(), abandoned(1)], ALL),
    "an old one that failed, and one that succeeded": ([started(), failed(1), started(), ended(3, *BOTH)], ALL),
    "an old one of some stacks": (
        [DeploymentStarted(environment="dev", release="r1", settings="settings", action="apply", only=WEB), failed(1)],
        {*WEB},
    ),
    "old ones, and everything was destroyed": ([started(), failed(1), started(action="destroy"), destroyed(3)], set()),
}


@pytest.mark.parametrize(("happened", "wanted"), HAPPENED.values(), ids=HAPPENED.keys())
def test_begun_stacks_are_known_while_unfinished(happened: list[Event], wanted: set[str]) -> None:
    assert known(dev(*happened)) == wanted
