"""One entry of each kind."""

from datetime import timedelta

from envctl.domain.ledger.entries import GENESIS, Entry
from envctl.domain.ledger.events import (
    Actor,
    ApprovalGiven,
    ApprovalWithdrawn,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    EnvironmentLocked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state_events import ImportEnded, ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.usecases.inspect.history import History
from tests.cli.render.samples.basics import FAILURE, HANAKO, NEW, NOW, OLD, ROBOT, TARO


def entries(*events: tuple[Actor, Event]) -> tuple[Entry, ...]:
    listed = [
        Entry(number, GENESIS, NOW - timedelta(hours=30 - number), actor, event)
        for number, (actor, event) in enumerate(events, 1)
    ]
    return tuple(reversed(listed))


HISTORY = History(
    "",
    entries(
        (HANAKO, ReleaseCreated(NEW, uncommitted=True)),
        (HANAKO, DeploymentStarted("dev", NEW, "s", "apply")),
        (HANAKO, DeploymentSucceeded("dev", NEW, 2, ("network", "web"), 12)),
        (TARO, ApprovalGiven("staging", "peer", NEW, "s")),
        (ROBOT, DeploymentStarted("staging", NEW, "s", "promote", "dev")),
        (ROBOT, DeploymentFailed("staging", NEW, 5, FAILURE, ("network",))),
        (ROBOT, DeploymentStarted("staging", NEW, "s", "promote", "dev")),
        (ROBOT, DeploymentFailed("staging", NEW, 7, "interrupted", interrupted=True)),
        (ROBOT, DeploymentStarted("staging", NEW, "s", "promote", "dev")),
        (HANAKO, DeploymentAbandoned("staging", NEW, 9, "its end was never recorded")),
        (HANAKO, ReleaseCreated(OLD, "1a2b3c4d5e6f7a8b", uncommitted=True)),
    ),
    more=True,
)
GUARDED_HISTORY = History(
    "",
    entries(
        (ROBOT, VerificationPassed("staging", NEW, 5, ("http", "size"))),
        (ROBOT, VerificationPassed("dev", NEW, 5, ("http",))),
        (ROBOT, VerificationPassed("dev", NEW, 5)),
        (ROBOT, VerificationFailed("staging", NEW, 5, ("http",), "http: https://shop.example.com said 503")),
        (ROBOT, VerificationFailed("staging", NEW, 5, ("http", "size"), "http: 503\nservice unavailable")),
        (TARO, ApprovalWithdrawn("prod", "peer", NEW)),
        (HANAKO, EnvironmentLocked("prod", "load test,\nask me first")),
        (HANAKO, EnvironmentUnlocked("prod")),
        (HANAKO, EnvironmentUnlocked("prod", "the test is over")),
        (ROBOT, DeploymentStarted("prod", OLD, "s", "rollback")),
        (ROBOT, HoldSet("prod", NEW, "rolled back to 77b01dd2a9c3")),
        (HANAKO, HoldLifted("prod", NEW, "")),
        (ROBOT, DriftChecked("staging", NEW, 0)),
        (ROBOT, DriftChecked("staging", NEW, 1, ("web: aws_instance.this",))),
        (ROBOT, DriftChecked("staging", NEW, 40, tuple(f"web: aws_eip.this[{number}]" for number in range(20)))),
        (HANAKO, WaiverUsed("prod", NEW, "checkout is down", ("G104", "G107"), ("3h of 24h", "the window is open"))),
        (HANAKO, DeploymentStarted("prod", NEW, "s", "promote", "staging", waiver=16)),
        (ROBOT, RolloutStarted("prod", NEW, 17, "web", "green", "image-2", "image-1")),
        (ROBOT, TrafficShifted("prod", NEW, 17, "web", "green", "image-2", 10, "image-1")),
        (ROBOT, TrafficShifted("prod", NEW, 17, "web", "blue", "image-1", 100)),
        (ROBOT, TrafficShifted("prod", NEW, 17, "jobs")),
        (ROBOT, TrafficShiftStarted("prod", NEW, 17, "web", 25, 2, 3)),
        (HANAKO, DeploymentStarted("dev", NEW, "s", "destroy")),
        (HANAKO, DeploymentSucceeded("dev", NEW, 18, (), 12)),
        (TARO, ImportStarted("staging", NEW, "web", "aws_eip.this[0]")),
        (TARO, ImportEnded("staging", NEW, 24, "web", "aws_eip.this[0]", "imported")),
        (TARO, ImportEnded("staging", NEW, 24, "web", "aws_eip.this[0]", "failed", "E372")),
        (TARO, ImportEnded("staging", NEW, 24, "web", "aws_eip.this[0]", "abandoned")),
        (ROBOT, StateMoved("prod", NEW, 17, "web", "frontend")),
        (ROBOT, DeploymentSucceeded("prod", NEW, 17, ("frontend",), 3, left=("cache", "jobs"), forgot=("edge",))),
    ),
    more=False,
)
