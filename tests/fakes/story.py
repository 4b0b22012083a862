"""Two weeks of a busy pipeline, with everything that a report shows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Actor
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.locking import lock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from tests.fakes.machine import SettableClock, SettableIdentity
from tests.fakes.project_files import NETWORK, PROJECT
from tests.fakes.world import World, list_entries

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
ANN, BOB, CAT = (Actor(f"{name}@example.com") for name in ("ann", "bob", "cat"))
TARO = Actor("山田太郎@example.com")
ROBOT = Actor("arn:aws:sts::333333333333:assumed-role/envctl-deployer/ci", via="aws", verified=True)
COMMITTED = b"[environments.staging.gates]\ncommitted = true\n"
GATES = b"""
[environments.prod]
protected = true

[environments.prod.gates]
approvals = { peer = 1, business = 1, quality = 1 }
soak = "24h"
max_age = "14d"
expires = "3d"
waivable = ["soak", "approvals", "same_plan"]
windows = [
  { kind = "deny", name = "year end", start = "2026-12-20T00:00", end = "2027-01-04T00:00", tz = "Asia/Tokyo" },
]
"""
CHECKS = b"""
[checks.http]
url = "https://shop.example.com/health"
"""


@dataclass
class SteppingClock(SettableClock):
    step: timedelta = timedelta(seconds=19)

    def now(self) -> datetime:
        self.time += self.step
        return self.time


@dataclass
class SettableActor(SettableIdentity):
    who: Actor = ANN

    def identify_actor(self) -> Actor:
        return self.who


class Story:
    """Records events, each a number of hours before NOW."""

    def __init__(self) -> None:
        old = b"[environments.prod]\n\n[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n"
        assert old in PROJECT
        self.clock, self.identity = SteppingClock(), SettableActor()
        self.world = World(clock=self.clock, identity=self.identity)
        ruled = PROJECT.replace(old, GATES).replace(b"[environments.staging.gates]\n", COMMITTED)
        self.world.edit("envctl.toml", (ruled + CHECKS).decode())
        self.releases: list[str] = []

    def set_moment(self, hours: float, who: Actor) -> None:
        self.clock.time, self.identity.who = NOW - timedelta(hours=hours), who

    def deploy_to_dev(self, hours: float, who: Actor = ANN, fails: bool = False) -> None:
        self.set_moment(hours, who)
        made = len(self.releases) + 1
        self.world.edit("modules/network/main.tf", f"{NETWORK.decode()}# {made}\n")
        known = self.world.version_control.known
        self.world.version_control.known = type(known)(f"{made * 7919:06x}c0ffee", who.name, uncommitted=False)
        if fails:
            self.expect_failure("dev", lambda: apply(self.world.ports, "dev"))
        else:
            self.releases.append(apply(self.world.ports, "dev").release)

    def deploy_unverified(self, hours: float) -> None:
        """Deploy a release with a failing verification."""
        with suppress(EnvctlError):
            self.deploy_to_dev(hours)
        self.releases.append("")

    def promote_release(self, hours: float, source: str, target: str, *, glass: str = "", fails: bool = False) -> None:
        self.set_moment(hours, ROBOT)
        self.add_resources(target)
        wishes = DeployOptions(break_glass=glass)
        if fails:
            self.expect_failure(target, lambda: promote(self.world.ports, source, target, wishes))
        else:
            promote(self.world.ports, source, target, wishes)

    def approve_promotion(self, hours: float, *gates: str) -> None:
        self.add_resources("prod")
        for gate, who in zip(gates, (CAT, TARO, TARO), strict=False):
            self.set_moment(hours, who)
            approve_plan(self.world.ports, "prod", gate, unseen=["web"])

    def expect_failure(self, environment: str, deploy: object) -> None:
        self.world.terraform.fails_on.add((environment, "web"))
        try:
            deploy()  # type: ignore[operator]
        except EnvctlError:
            self.world.terraform.fails_on.clear()
        else:
            raise AssertionError("it had to fail")

    def add_resources(self, environment: str) -> None:
        """Add changes to the plans of a deployed environment."""
        if (environment, "web") not in self.world.terraform.reality:
            return
        web = [("aws_launch_template.this", Action.UPDATE), ("aws_autoscaling_group.this", Action.UPDATE)]
        many = [(f'aws_route53_record.alias["{n:03}.shop.example.com"]', Action.CREATE) for n in range(1, 112)]
        net = [('aws_security_group_rule.https["office"]', Action.CREATE), ("aws_vpc_endpoint.s3", Action.UPDATE)]
        shown = {"web": web + (many if environment == "staging" else []), "network": net}
        for stack, changes in shown.items():
            self.world.terraform.extra_changes[environment, stack] = tuple(
                ResourceChange(address=address, type=address.partition(".")[0], action=action)
                for address, action in changes
            )


def build_fortnight() -> World:
    """Return twelve releases: dev is fine, staging has drifted, prod has a waiver, a lock and missing approvals."""
    told = Story()
    told.deploy_to_dev(330)
    told.promote_release(326, "dev", "staging")
    told.approve_promotion(300, "peer", "business", "quality")
    told.promote_release(299, "staging", "prod")
    told.deploy_to_dev(290, BOB)
    told.deploy_to_dev(266, fails=True)
    told.deploy_to_dev(265.4)
    told.promote_release(262, "dev", "staging")
    told.approve_promotion(230, "peer", "business", "quality")
    told.promote_release(229, "staging", "prod")
    told.deploy_to_dev(222, TARO)
    told.deploy_to_dev(175)
    told.deploy_to_dev(173.5, BOB)
    told.promote_release(170, "dev", "staging", fails=True)
    told.promote_release(169, "dev", "staging")
    told.promote_release(165, "staging", "prod", glass="checkout is down,\nincident 4711")
    told.set_moment(150, ROBOT)
    rollback(told.world.ports, "prod")
    told.deploy_to_dev(146)
    told.deploy_to_dev(121, TARO)
    told.deploy_to_dev(120)
    told.promote_release(117, "dev", "staging")
    told.world.check_runner.problems["http"] = "https://shop.example.com/health answered 503"
    told.deploy_unverified(76)
    told.world.check_runner.problems.clear()
    told.deploy_to_dev(51)
    told.promote_release(48, "dev", "staging")
    told.approve_promotion(9, "peer")
    told.set_moment(7, TARO)
    lock_environment(told.world.ports, "prod", "load test until noon, ask me first")
    told.deploy_to_dev(4.2, fails=True)
    told.deploy_to_dev(3.1)
    told.set_moment(2, ROBOT)
    told.world.terraform.drifted |= {("staging", "web"), ("staging", "network")}
    check_drift(told.world.ports)
    told.clock.time, told.clock.step = NOW, timedelta()
    told.identity.who = BOB
    return told.world


if __name__ == "__main__":
    for entry in list_entries(build_fortnight()):
        print(entry.seq, entry.at, entry.actor, entry.event)  # noqa: T201
