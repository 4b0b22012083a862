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
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed
from envctl.usecases.inspect.history import History
from tests.cli.render.samples.basics import FAILURE, HANAKO, NEW, NOW, OLD, ROBOT, TARO


def entries(*events: tuple[Actor, Event]) -> tuple[Entry, ...]:
    listed = [
        Entry(seq=number, prev=GENESIS, at=NOW - timedelta(hours=30 - number), actor=actor, event=event)
        for number, (actor, event) in enumerate(events, 1)
    ]
    return tuple(reversed(listed))


HISTORY = History(
    environment="",
    entries=entries(
        (HANAKO, ReleaseCreated(release=NEW, uncommitted=True)),
        (HANAKO, DeploymentStarted(environment="dev", release=NEW, settings="s", action="apply")),
        (HANAKO, DeploymentSucceeded(environment="dev", release=NEW, started=2, stacks=("network", "web"), changed=12)),
        (TARO, ApprovalGiven(environment="staging", gate="peer", release=NEW, settings="s")),
        (ROBOT, DeploymentStarted(environment="staging", release=NEW, settings="s", action="promote", source="dev")),
        (ROBOT, DeploymentFailed(environment="staging", release=NEW, started=5, reason=FAILURE, stacks=("network",))),
        (ROBOT, DeploymentStarted(environment="staging", release=NEW, settings="s", action="promote", source="dev")),
        (
            ROBOT,
            DeploymentFailed(environment="staging", release=NEW, started=7, reason="interrupted", interrupted=True),
        ),
        (ROBOT, DeploymentStarted(environment="staging", release=NEW, settings="s", action="promote", source="dev")),
        (HANAKO, DeploymentAbandoned("staging", NEW, 9, "its end was never recorded")),
        (HANAKO, ReleaseCreated(release=OLD, commit="1a2b3c4d5e6f7a8b", uncommitted=True)),
    ),
    more=True,
)
GUARDED_HISTORY = History(
    environment="",
    entries=entries(
        (ROBOT, VerificationPassed("staging", NEW, 5, ("http", "size"))),
        (ROBOT, VerificationPassed("dev", NEW, 5, ("http",))),
        (ROBOT, VerificationPassed("dev", NEW, 5)),
        (ROBOT, VerificationFailed("staging", NEW, 5, ("http",), "http: https://shop.example.com said 503")),
        (ROBOT, VerificationFailed("staging", NEW, 5, ("http", "size"), "http: 503\nservice unavailable")),
        (TARO, ApprovalWithdrawn("prod", "peer", NEW)),
        (HANAKO, EnvironmentLocked("prod", "load test,\nask me first")),
        (HANAKO, EnvironmentUnlocked("prod")),
        (HANAKO, EnvironmentUnlocked("prod", "the test is over")),
        (ROBOT, DeploymentStarted(environment="prod", release=OLD, settings="s", action="rollback")),
        (ROBOT, HoldSet("prod", NEW, "rolled back to 77b01dd2a9c3")),
        (HANAKO, HoldLifted("prod", NEW, "")),
        (ROBOT, DriftChecked(environment="staging", release=NEW, drifted=0)),
        (ROBOT, DriftChecked(environment="staging", release=NEW, drifted=1, resources=("web: aws_instance.this",))),
        (
            ROBOT,
            DriftChecked(
                environment="staging",
                release=NEW,
                drifted=40,
                resources=tuple(f"web: aws_eip.this[{number}]" for number in range(20)),
            ),
        ),
        (
            HANAKO,
            WaiverGiven(
                environment="prod",
                release=NEW,
                settings="s",
                place="p",
                guards=("G104", "G107"),
                reason="checkout is\ndown",
            ),
        ),
        (
            ROBOT,
            WaiverUsed(
                environment="prod",
                release=NEW,
                reason="checkout is down",
                guards=("G104",),
                refusals=("3h of 24h",),
                given=15,
                giver="hanako@example.com",
            ),
        ),
        (TARO, WaiverReviewed("prod", 16)),
        (TARO, WaiverReviewed("prod", 16, "the fix was right")),
        (
            HANAKO,
            WaiverUsed(
                environment="prod",
                release=NEW,
                reason="checkout is down",
                guards=("G104", "G107"),
                refusals=("3h of 24h", "the window is open"),
            ),
        ),
        (
            HANAKO,
            DeploymentStarted(
                environment="prod", release=NEW, settings="s", action="promote", source="staging", waiver=16
            ),
        ),
        (
            ROBOT,
            RolloutStarted(
                environment="prod",
                release=NEW,
                started=17,
                stack="web",
                color="green",
                value="image-2",
                stable="image-1",
            ),
        ),
        (
            ROBOT,
            TrafficShifted(
                environment="prod",
                release=NEW,
                started=17,
                stack="web",
                color="green",
                value="image-2",
                percent=10,
                stable="image-1",
            ),
        ),
        (
            ROBOT,
            TrafficShifted(
                environment="prod", release=NEW, started=17, stack="web", color="blue", value="image-1", percent=100
            ),
        ),
        (ROBOT, TrafficShifted(environment="prod", release=NEW, started=17, stack="jobs")),
        (
            ROBOT,
            TrafficShiftStarted(environment="prod", release=NEW, started=17, stack="web", percent=25, step=2, steps=3),
        ),
        (HANAKO, DeploymentStarted(environment="dev", release=NEW, settings="s", action="destroy")),
        (HANAKO, DeploymentSucceeded(environment="dev", release=NEW, started=18, stacks=(), changed=12)),
        (TARO, ImportStarted("staging", NEW, "web", "aws_eip.this[0]")),
        (
            TARO,
            ImportEnded(
                environment="staging",
                release=NEW,
                started=24,
                stack="web",
                address="aws_eip.this[0]",
                outcome="imported",
            ),
        ),
        (
            TARO,
            ImportEnded(
                environment="staging",
                release=NEW,
                started=24,
                stack="web",
                address="aws_eip.this[0]",
                outcome="failed",
                reason="E372",
            ),
        ),
        (
            TARO,
            ImportEnded(
                environment="staging",
                release=NEW,
                started=24,
                stack="web",
                address="aws_eip.this[0]",
                outcome="abandoned",
            ),
        ),
        (ROBOT, StateMoved(environment="prod", release=NEW, started=17, stack="web", to="frontend")),
        (
            ROBOT,
            DeploymentSucceeded(
                environment="prod",
                release=NEW,
                started=17,
                stacks=("frontend",),
                changed=3,
                left=("cache", "jobs"),
                forgot=("edge",),
            ),
        ),
    ),
    more=False,
)
