"""The pipeline on good and on bad days."""

from dataclasses import replace
from datetime import timedelta

from envctl.domain.config.project import Pipeline
from envctl.domain.guards.gate_approvals import GateApprovals
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Debt, DriftCheck, EnvironmentState, GivenWaiver, Hold, LedgerState, Lock
from envctl.domain.next_step.find_step import find_next_steps
from envctl.domain.next_step.situation import NextStep, Situation, find_goal
from envctl.domain.rollout.traffic import Live, Shift, Step, Traffic
from envctl.usecases.inspect.status import EnvironmentStatus, Status
from envctl.usecases.project.environment_selection import GoneEnvironment
from tests.cli.render.samples.basics import (
    FAILURE,
    HANAKO,
    NEW,
    NOW,
    OLD,
    OLDEST,
    ROBOT,
    TARO,
    deployment,
    known,
    proven,
    runs,
)
from tests.cli.render.samples.refusals import BUSINESS_MISSING, PEER_GIVEN


def advise(status: Status) -> Status:
    """The status with the next steps that are found from what it holds, and with the approvals that its gates lack."""
    order = tuple(each.environment for each in status.environments)
    present = LedgerState(environments={each.environment: each.present for each in status.all_environments})

    def add_steps(each: EnvironmentStatus, pipeline: Pipeline) -> EnvironmentStatus:
        facts = Situation(
            environment=each.environment,
            pipeline=pipeline,
            present=present,
            lag=each.lag,
            running=each.running,
            leaving=each.leaving,
        )
        steps = find_next_steps(facts, find_goal(facts))
        gates = {gate: needed - given for gate, (given, needed) in each.gates.items() if given < needed}
        if gates and steps:
            steps = tuple(
                NextStep(
                    f"envctl approve {each.environment} --gate {gate}",
                    f"{count} approval{'' if count == 1 else 's'} missing",
                )
                for gate, count in gates.items()
            )
        return replace(each, steps=steps, next=next((step.command for step in steps), ""))

    return replace(
        status,
        environments=tuple(add_steps(each, Pipeline(order)) for each in status.environments),
        beside=tuple(add_steps(each, Pipeline((each.environment,), standalone=True)) for each in status.beside),
    )


DEV = EnvironmentStatus(
    environment="dev", present=runs(deployment(NEW, 3)), release=known(NEW), lag=None, gates={}, next=""
)
COMMITTED = known(OLD, "1a2b3c4d5e6f7a8b", uncommitted=False)
AT_STAGING = deployment(OLD, 50, by=TARO)
STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            DEV,
            EnvironmentStatus(
                environment="staging",
                present=runs(AT_STAGING, evidence={OLD: proven(AT_STAGING, 3, since=NOW - timedelta(hours=49))}),
                release=COMMITTED,
                lag=2,
                gates={"peer": (1, 1)},
                next="envctl promote dev staging",
            ),
            EnvironmentStatus(
                environment="prod",
                present=runs(deployment(OLDEST, 490, by=ROBOT, changed=1)),
                release=known(OLDEST, "99aabbccddeeff", uncommitted=False),
                lag=1,
                gates={"peer": (1, 1), "business": (0, 1), "quality": (0, 2)},
                next="envctl promote staging prod",
                approvals={
                    "peer": PEER_GIVEN,
                    "business": BUSINESS_MISSING,
                    "quality": GateApprovals(0, 2, who="any person"),
                },
            ),
        ),
    )
)
FAILED = deployment(NEW, 0.2, "failed", action="promote", source="dev", reason=f"{FAILURE}\nRequestID: 4711")
FAILED_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            DEV,
            EnvironmentStatus(
                environment="staging",
                present=runs(deployment(OLD, 50, by=TARO), FAILED),
                release=COMMITTED,
                lag=2,
                gates={},
                next="envctl promote dev staging",
            ),
            EnvironmentStatus(
                environment="prod", present=EnvironmentState(), release=None, lag=1, gates={"peer": (0, 1)}, next=""
            ),
        ),
    )
)
LEAVING_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(replace(DEV, leaving=("cache", "jobs"), next="envctl apply dev"), STATUS.environments[1]),
        gone=(GoneEnvironment("qa", OLD, ("network", "web")),),
    )
)
BESIDE_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            DEV,
            EnvironmentStatus(
                environment="prod",
                present=EnvironmentState(),
                release=None,
                lag=1,
                gates={},
                next="envctl promote dev prod",
            ),
        ),
        beside=(
            EnvironmentStatus(
                environment="management",
                present=runs(deployment(OLD, 50, "failed", reason=FAILURE)),
                release=known(OLD),
                lag=None,
                gates={},
                next="envctl verify management",
            ),
            EnvironmentStatus(
                environment="prod-account",
                present=EnvironmentState(),
                release=None,
                lag=None,
                gates={},
                next="envctl apply prod-account",
            ),
        ),
    )
)
EMPTY_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            EnvironmentStatus(
                environment="dev", present=EnvironmentState(), release=None, lag=None, gates={}, next="envctl apply dev"
            ),
            EnvironmentStatus(
                environment="staging", present=EnvironmentState(), release=None, lag=None, gates={}, next=""
            ),
            EnvironmentStatus(
                environment="prod", present=EnvironmentState(), release=None, lag=None, gates={}, next=""
            ),
        ),
    )
)
STUCK_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            EnvironmentStatus(
                environment="dev",
                present=EnvironmentState(last=deployment(NEW, 0.01, "unfinished")),
                release=None,
                lag=None,
                gates={},
                next="envctl recover dev",
            ),
            EnvironmentStatus(
                environment="prod", present=EnvironmentState(), release=None, lag=None, gates={}, next=""
            ),
        ),
    )
)
CALM_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            EnvironmentStatus(
                environment="dev",
                present=runs(deployment(NEW, 3)),
                release=known(NEW, "1a2b3c4d5e"),
                lag=None,
                gates={},
                next="",
            ),
            EnvironmentStatus(
                environment="prod",
                present=replace(
                    runs(deployment(NEW, 2, by=ROBOT)),
                    drift=DriftCheck(release=NEW, by=ROBOT, at=NOW - timedelta(minutes=40), drifted=0),
                ),
                release=known(NEW, "1a2b3c4d5e"),
                lag=0,
                gates={},
                next="",
            ),
        ),
    )
)

LONG = Actor(
    "arn:aws:sts::333333333333:assumed-role/envctl-deployer-of-the-platform-team/night-watch", via="aws", verified=True
)
AT_DEV = deployment(NEW, 5)
AT_PROD = deployment(OLDEST, 30, by=ROBOT, waiver=41)
TROUBLED_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            EnvironmentStatus(
                environment="dev",
                present=runs(
                    AT_DEV,
                    evidence={
                        NEW: proven(AT_DEV, verified_at=None, since=None, revoked="its verification failed: http: 503")
                    },
                    debts=(
                        Debt(
                            waiver=12,
                            release=NEW,
                            by=HANAKO,
                            at=NOW - timedelta(hours=5),
                            reason="hotfix 4711",
                            guards=("G108",),
                            refusals=("dev is locked",),
                        ),
                    ),
                ),
                release=known(NEW, "1a2b3c4d5e"),
                lag=None,
                gates={},
                next="envctl verify dev",
            ),
            EnvironmentStatus(
                environment="staging",
                present=runs(
                    AT_STAGING,
                    evidence={OLD: proven(AT_STAGING, verified_at=None, since=None, revoked="drift was found there")},
                    drift=DriftCheck(
                        release=OLD,
                        by=TARO,
                        at=NOW - timedelta(hours=2),
                        drifted=5,
                        resources=(
                            "network: aws_vpc.this",
                            'network: aws_security_group.web["https"]',
                            "web: aws_instance.this",
                            "web: aws_eip.this",
                            "web: aws_lb.this",
                        ),
                    ),
                    lock=Lock(HANAKO, NOW - timedelta(hours=4), "load test until noon,\nask me first"),
                ),
                release=COMMITTED,
                lag=1,
                gates={},
                next="envctl promote dev staging",
            ),
            EnvironmentStatus(
                environment="prod",
                present=runs(
                    AT_PROD,
                    evidence={OLDEST: proven(AT_PROD, verified_at=None, since=None, revoked="")},
                    lock=Lock(LONG, NOW - timedelta(days=2), "year end"),
                    holds={OLD: Hold(OLD, ROBOT, NOW - timedelta(hours=30), "rolled back to 999999999999")},
                    debts=(
                        Debt(
                            waiver=41,
                            release=OLDEST,
                            by=ROBOT,
                            at=NOW - timedelta(hours=30),
                            reason="checkout is down,\nincident 4711",
                            guards=("G104", "G107"),
                            refusals=("ran verified in staging for 3h of 24h", "the deny window is open"),
                            given=40,
                            giver=HANAKO,
                        ),
                    ),
                    given_waivers=(
                        GivenWaiver(
                            number=44,
                            release=NEW,
                            settings="s",
                            place="p",
                            guards=("G108",),
                            reason="again\ndown",
                            by=HANAKO,
                            at=NOW - timedelta(minutes=15),
                        ),
                    ),
                ),
                release=known(OLDEST, "99aabbccddeeff", uncommitted=False),
                lag=1,
                gates={"peer": (1, 1)},
                next="envctl why prod",
            ),
        ),
    )
)
LOCKED_STATUS = advise(
    replace(
        CALM_STATUS,
        environments=tuple(
            replace(each, present=replace(each.present, lock=Lock(HANAKO, NOW, "load test")))
            for each in CALM_STATUS.environments
        ),
    )
)
SHARED = Traffic(Live("blue", "image-1"), Shift(7, "green", "image-2", 10))
SHARED_STATUS = advise(
    replace(
        CALM_STATUS,
        environments=tuple(
            replace(
                each,
                present=replace(each.present, traffic={"web": SHARED}),
                next=f"envctl recover {each.environment}",
            )
            for each in CALM_STATUS.environments[:1]
        ),
    )
)


def _roll_out(shift: Shift, outcome: str = "unfinished") -> Status:
    """A rollout in the first environment, 6 minutes after its start."""
    running = deployment(NEW, 0.1, outcome, reason="E305 in stack web")
    (first, *_) = CALM_STATUS.environments
    traffic = {"web": Traffic(Live("blue", "image-1"), shift)}
    here = replace(first.present, last=running, traffic=traffic)
    split = "the traffic of web is still split between two colors"
    reason = "if the deployment to dev no longer runs" if outcome == "unfinished" else split
    steps = (NextStep("envctl recover dev", reason),)
    shown = replace(first, present=here, next=steps[0].command, steps=steps)
    return replace(CALM_STATUS, environments=(shown,))


SECOND_STEP = Step(2, 3, NOW - timedelta(minutes=2), 25)
STEP_STATUSES: dict[str, object] = {
    "a status in a step of a rollout": _roll_out(Shift(7, "green", "image-2", 10, SECOND_STEP)),
    "a status between two steps of a rollout": _roll_out(Shift(7, "green", "image-2", 25, SECOND_STEP)),
    "a status after a rollout without a way back": _roll_out(Shift(7, "green", "image-2", 10, SECOND_STEP), "failed"),
}
DESTROYED_STATUS = advise(
    Status(
        project="shop",
        now=NOW,
        environments=(
            EnvironmentStatus(
                environment="dev",
                present=EnvironmentState(last=deployment(NEW, 26, action="destroy"), evidence={}),
                release=None,
                lag=None,
                gates={},
                next="envctl apply dev",
            ),
            EnvironmentStatus(
                environment="prod",
                present=runs(AT_STAGING, lock=Lock(TARO, NOW, "audit")),
                release=COMMITTED,
                lag=None,
                gates={},
                next="",
            ),
        ),
    )
)
