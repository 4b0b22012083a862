"""What comes of the commands that change something, or look at the world."""

from dataclasses import replace
from datetime import timedelta

from envctl.domain.errors import Location, Problem, StateLock
from envctl.domain.ledger.state import Debt, GivenWaiver, Hold, Lock
from envctl.domain.plan.changes import Action, AttributeChange, Marker, OutputChange, ResourceChange, StackPlan
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import Reviewer, ReviewResult
from envctl.usecases.approval.locking import LockResult, UnlockResult
from envctl.usecases.approval.waivers import WaiverResult, WaiverReview
from envctl.usecases.deployment.recovery.recover import RecoveryResult, build_recovery_pipeline
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.rollout.abort import RestoredTraffic
from envctl.usecases.deployment.rollout_model import RolledOut, Share
from envctl.usecases.deployment.verification import CheckOutcome, Verification
from envctl.usecases.drift.fix import DriftFix, EnvironmentFix
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift
from tests.cli.render.samples.basics import HANAKO, NEW, NOW, OLD, ROBOT, TARO, deployment
from tests.cli.render.samples.plans import FIRST_PLAN, LATER_PLAN
from tests.cli.render.samples.refusals import BUSINESS_MISSING, DRIFT, LOCK, PEER_GIVEN, REHEARSED, SOAK

PASSED = (
    CheckOutcome("http", "passed"),
    CheckOutcome("size", "passed"),
    CheckOutcome("smoke", "skipped", "not in the sandbox"),
)
DONE = DeploymentResult(
    environment="dev",
    release=NEW,
    plan=FIRST_PLAN,
    deployment=deployment(NEW, 3),
    verification=Verification("dev", NEW, PASSED),
    next="envctl promote dev staging",
)
STAGES = (
    "render stacks network, web with the settings of dev, and run init if needed",
    "bundle the working tree into a release",
    "check every guard: may this be applied to dev?",
    "apply web (planned anew if a stack that it reads has changed)",
)
WAIVER = GivenWaiver(
    number=40,
    release=NEW,
    settings="s",
    place="p",
    guards=("G104", "G108"),
    reason="checkout is\ndown",
    by=HANAKO,
    at=NOW - timedelta(minutes=20),
)
WAIVER_DEBT = Debt(
    waiver=41,
    release=NEW,
    by=ROBOT,
    at=NOW - timedelta(hours=5),
    reason="checkout is\ndown",
    guards=("G104",),
    refusals=("3h of 24h",),
    given=40,
    giver=HANAKO,
)
BROKEN_GLASS = DeploymentResult(
    environment="prod",
    release=NEW,
    action="promote",
    plan=LATER_PLAN,
    deployment=deployment(NEW, 0.5, action="promote", source="staging", waiver=41),
    verification=Verification("prod", NEW, PASSED[:1]),
    warnings=(DRIFT, REHEARSED),
    waived=(SOAK, LOCK),
)
DEPLOYED: dict[str, object] = {
    "a deployment": DONE,
    "a deployment without verification": DeploymentResult(
        environment="dev", release=NEW, deployment=deployment(NEW, 3, changed=0)
    ),
    "a deployment whose checks do not exist": DeploymentResult(
        environment="dev", release=NEW, deployment=deployment(NEW, 3), verification=Verification("dev", NEW, ())
    ),
    "a deployment with nothing to do": DeploymentResult(
        environment="prod", release=NEW, up_to_date=True, waived=(SOAK,)
    ),
    "a deployment by break-glass": BROKEN_GLASS,
    "a deployment under a waiver": replace(BROKEN_GLASS, given=WAIVER),
    "a deployment to the entry by break-glass": DeploymentResult(
        environment="dev",
        release=NEW,
        deployment=deployment(NEW, 1),
        verification=Verification("dev", NEW, PASSED[2:]),
        waived=(LOCK,),
    ),
    "a deployment in steps": DeploymentResult(
        environment="staging",
        release=NEW,
        action="promote",
        deployment=deployment(NEW, 1, action="promote", source="dev", changed=9),
        verification=Verification("staging", NEW, PASSED[:1]),
        rollouts=(
            RolledOut(
                "web", "blue", "green", tuple(Share(each, NOW - timedelta(minutes=each)) for each in (10, 50, 100))
            ),
            RolledOut("jobs", "green", "blue", (Share(100, NOW),)),
        ),
    ),
    "a rollback": DeploymentResult(
        environment="prod",
        release=OLD,
        action="rollback",
        plan=LATER_PLAN,
        deployment=deployment(OLD, 1, action="rollback", changed=3),
        verification=Verification("prod", OLD, PASSED[:2]),
        held=NEW,
    ),
    "a destruction": DeploymentResult(
        environment="dev", release=NEW, action="destroy", deployment=deployment(NEW, 1, action="destroy", changed=12)
    ),
    "a destruction after a stack was forgotten": DeploymentResult(
        environment="dev",
        release=NEW,
        action="destroy",
        deployment=deployment(NEW, 1, action="destroy", changed=12),
        forgotten=("edge",),
    ),
    "a destruction of nothing": DeploymentResult(environment="dev", release=NEW, action="destroy", up_to_date=True),
    "a dry run": DeploymentResult(environment="dev", release="", stages=STAGES, dry_run=True),
    "a dry run of a rollback": DeploymentResult(
        environment="prod", release=OLD, action="rollback", stages=STAGES[:1], dry_run=True
    ),
    "a dry run of a destruction": DeploymentResult(
        environment="dev", release=OLD, action="destroy", stages=STAGES[:1], dry_run=True
    ),
}
WORDS: dict[str, object] = {
    "an approval": ApprovalResult(
        environment="prod",
        gate="peer",
        release=NEW,
        by=TARO,
        already=False,
        missing={"business": 1},
        next="envctl approve prod --gate business",
        plan="5e" * 32,
        notes=(f"{REHEARSED.code} {REHEARSED.guard}: {REHEARSED.message}",),
        approvals={"peer": PEER_GIVEN, "business": BUSINESS_MISSING},
        expires_at=PEER_GIVEN.expires_at,
    ),
    "an approval of what could be seen": ApprovalResult(
        environment="prod",
        gate="peer",
        release=NEW,
        by=TARO,
        already=False,
        missing={},
        next="envctl promote staging prod",
        plan="5e" * 32,
        notes=(
            "not seen: web (waits for network); approved unseen: it may create, and nothing else",
            "not seen: jobs (waits for web); not approved: approve again once web is applied, or add --unseen jobs",
        ),
        place="7a" * 32,
        where="account 333333333333, ap-northeast-1",
        not_seen={"web": ("network",), "jobs": ("web",)},
        unseen=("web",),
    ),
    "the last approval": ApprovalResult(
        environment="prod",
        gate="business",
        release=NEW,
        by=ROBOT,
        already=True,
        missing={},
        next="envctl promote staging prod",
        plan="5e" * 32,
    ),
    "what reviewers said": ReviewResult(
        environment="prod",
        gate="peer",
        release=NEW,
        by=ROBOT,
        already=False,
        missing={"business": 1},
        next="envctl approve prod --gate business",
        plan="5e" * 32,
        reviewers=(
            Reviewer("octocat", "recorded"),
            Reviewer("hubot", "already"),
            Reviewer("monalisa", "does not count", "promotes it"),
        ),
        notes=(f"{REHEARSED.code} {REHEARSED.guard}: {REHEARSED.message}",),
        approvals={"peer": PEER_GIVEN, "business": BUSINESS_MISSING},
    ),
    "no reviewers": ReviewResult(
        environment="prod",
        gate="peer",
        release=NEW,
        by=ROBOT,
        already=True,
        missing={},
        next="envctl promote staging prod",
        plan="5e" * 32,
        reviewers=(),
    ),
    "an approval that is withdrawn": WithdrawalResult("prod", "peer", NEW, TARO, withdrawn=True),
    "no approval to withdraw": WithdrawalResult("prod", "peer", NEW, TARO, withdrawn=False),
    "no release to withdraw an approval of": WithdrawalResult("prod", "peer", "", TARO, withdrawn=False),
    "a lock": LockResult(
        "prod", Lock(HANAKO, NOW, "load test,\nask me first"), already=False, next="envctl unlock prod"
    ),
    "a lock that was there": LockResult(
        "prod", Lock(ROBOT, NOW - timedelta(hours=5), "year end"), already=True, next="envctl unlock prod"
    ),
    "a lock that is lifted": UnlockResult("prod", Lock(ROBOT, NOW - timedelta(hours=5), "year end"), None),
    "a hold that is lifted": UnlockResult("prod", None, Hold(NEW, HANAKO, NOW, "rolled back to 77b01dd2a9c3")),
    "nothing to unlock": UnlockResult("prod", None, None),
    "no lock, but a hold": UnlockResult("prod", None, None, f"envctl unlock prod --release {NEW[:12]}"),
    "a waiver": WaiverResult(
        environment="prod", waiver=WAIVER, overridden=(SOAK,), remaining=(), next="envctl promote staging prod"
    ),
    "a waiver that does not do": WaiverResult(
        environment="prod",
        waiver=WAIVER,
        overridden=(),
        remaining=(SOAK, LOCK),
        next="envctl promote staging prod",
    ),
    "a review": WaiverReview("prod", (WAIVER_DEBT,), "envctl status"),
    "a review of two uses": WaiverReview(
        "prod", (WAIVER_DEBT, replace(WAIVER_DEBT, waiver=43)), "envctl review prod --waiver 50"
    ),
}
DRIFTED = (
    StackDrift(
        stack="network",
        condition="drifted",
        resources=(
            ResourceChange(
                address="aws_vpc.this",
                type="aws_vpc",
                action=Action.UPDATE,
                attributes=(
                    AttributeChange("enable_dns_hostnames", before=True, after=False),
                    AttributeChange("tags.Owner", None, "<img src=x> | 山田\n# owned"),
                    AttributeChange("tags_all.Owner", None, "<img src=x> | 山田\n# owned"),
                ),
            ),
        ),
    ),
    StackDrift(
        stack="web",
        condition="drifted",
        resources=(
            ResourceChange(
                address="aws_eip.this",
                type="aws_eip",
                action=Action.DELETE,
                attributes=(AttributeChange("id", "eip-1", None),),
            ),
            ResourceChange(
                address='aws_db_instance.this["primary"]',
                type="aws_db_instance",
                action=Action.UPDATE,
                attributes=(AttributeChange("password", Marker.SENSITIVE, Marker.SENSITIVE),),
            ),
        ),
        outputs=(OutputChange("address", Action.UPDATE, "203.0.113.7", None),),
        pending=StackPlan("web", resources=LATER_PLAN.stacks[1].resources[:2]),
        ignored=("aws_autoscaling_group.web.desired_capacity",),
        warnings=("Argument is deprecated",),
    ),
    StackDrift(stack="dns", condition="clean"),
)
EXPIRED = Problem("E324", "web: the credentials have expired\nExpiredToken: 403", "log in again: aws sso login")
UNFINISHED = Problem("E322", "a deployment to dev is unfinished", "envctl recover dev")
FIX = "envctl drift staging --fix"
FOUND = Drift(
    (
        EnvironmentDrift(
            environment="dev",
            release=NEW,
            condition="drifted",
            stacks=(DRIFTED[0], StackDrift(stack="web", condition="clean")),
            next="envctl drift dev --fix",
        ),
        EnvironmentDrift(environment="staging", release=OLD, condition="drifted", stacks=DRIFTED, next=FIX),
        EnvironmentDrift(environment="prod", release="", condition="empty"),
    )
)
LOOKS: dict[str, object] = {
    "a verification": Verification("staging", NEW, PASSED, "envctl promote staging prod"),
    "a verification without checks": Verification("prod", NEW, ()),
    "a verification where no check applies": Verification("prod", NEW, PASSED[2:]),
    "a verification that fails": Verification(
        "prod", NEW, (CheckOutcome("http", "failed", "503\nservice unavailable"),)
    ),
    "drift": FOUND,
    "drift of one environment": Drift(FOUND.environments[1:2]),
    "drift with changes pending alone": Drift(
        (
            EnvironmentDrift(
                environment="dev",
                release=NEW,
                condition="clean",
                stacks=(
                    StackDrift(stack="network", condition="clean", pending=LATER_PLAN.stacks[1]),
                    StackDrift(stack="web", condition="clean", pending=StackPlan("web", waits_for=("network",))),
                ),
                next="envctl apply dev",
            ),
        )
    ),
    "no drift": Drift(
        (
            EnvironmentDrift(
                environment="dev",
                release=NEW,
                condition="clean",
                stacks=(StackDrift(stack="network", condition="clean"),),
            ),
        )
    ),
    "no drift anywhere": Drift(
        (
            EnvironmentDrift(environment="dev", release=NEW, condition="clean"),
            EnvironmentDrift(environment="staging", release=OLD, condition="clean"),
        )
    ),
    "drift that is not known": Drift(
        (
            EnvironmentDrift(environment="dev", release=NEW, condition="unknown", problems=(UNFINISHED,)),
            EnvironmentDrift(
                environment="staging",
                release=OLD,
                condition="drifted",
                stacks=(DRIFTED[0], StackDrift(stack="web", condition="unknown", problems=(EXPIRED,))),
                next=FIX,
            ),
            EnvironmentDrift(environment="prod", release="", condition="empty"),
        )
    ),
    "drift that is set right": DriftFix(
        FOUND,
        (
            EnvironmentFix("dev", DONE),
            EnvironmentFix("staging", problems=(Problem("G106", "staging asks for 1 peer", "envctl approve staging"),)),
        ),
    ),
}
ABANDONED = deployment(NEW, 3, "abandoned", action="promote", source="dev")
RECOVERIES: dict[str, object] = {
    "a recovery": RecoveryResult(
        environment="staging",
        deployment=ABANDONED,
        next="envctl promote dev staging",
        left=(StackPlan("network"), StackPlan("web")),
    ),
    "a recovery of much": RecoveryResult(
        environment="staging",
        deployment=ABANDONED,
        next="envctl promote dev staging",
        broken=(
            StateLock("network", "4711", "ci@runner-7", "apply", NOW - timedelta(hours=3)),
            StateLock("web", "1", "me"),
        ),
        rescued=("network", "web"),
        left=(StackPlan("network"), *FIRST_PLAN.stacks[1:], LATER_PLAN.stacks[2]),
        unseen=(
            Problem(
                "E305",
                "mail: the provider can't be reached",
                "correct the cause: envctl recover staging",
                Location("modules/mail/main.tf", 3),
            ),
        ),
    ),
    "a recovery of a destruction": RecoveryResult(
        environment="dev",
        deployment=deployment(NEW, 3, "abandoned", action="destroy"),
        next="envctl destroy dev",
        left=(LATER_PLAN.stacks[2],),
    ),
    "a recovery of a rollout": RecoveryResult(
        environment="staging",
        deployment=ABANDONED,
        next="envctl promote dev staging",
        left=(StackPlan("network"),),
        back=(RestoredTraffic("web", "blue"),),
    ),
    "a dry run of a recovery": RecoveryResult(
        environment="staging",
        deployment=None,
        next="",
        stages=build_recovery_pipeline((("module.web.aws_vpc.main", "vpc-1"),)).describe("staging"),
    ),
    "nothing to recover": RecoveryResult(environment="staging", deployment=None, next=""),
    "nothing to recover but a state": RecoveryResult(
        environment="staging", deployment=None, next="envctl verify staging", rescued=("web",)
    ),
}
