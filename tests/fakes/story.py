"""A fortnight of a pipeline, as a busy team lives it: what a report has to show of it is all there."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Actor
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.usecases.approval.approve import approve
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.run import Wishes
from envctl.usecases.drift.drift import drift
from envctl.usecases.inspect.locking import lock
from tests.fakes.world import NETWORK, PROJECT, SettableClock, SettableIdentity, World, recorded

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
ANN, BOB, TARO = Actor("ann@example.com"), Actor("bob@example.com"), Actor("山田太郎@example.com")
ROBOT = Actor("arn:aws:sts::333333333333:assumed-role/envctl-deployer/ci", "aws", verified=True)
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
class Pace(SettableClock):
    step: timedelta = timedelta(seconds=19)

    def now(self) -> datetime:
        self.time += self.step
        return self.time


@dataclass
class Somebody(SettableIdentity):
    who: Actor = ANN

    def actor(self) -> Actor:
        return self.who


class Story:
    """Everything is said with how many hours before NOW it happens."""

    def __init__(self) -> None:
        old = b"[environments.prod]\n\n[environments.prod.gates]\napprovals = { peer = 1, business = 2 }\n"
        assert old in PROJECT
        self.clock, self.identity = Pace(), Somebody()
        self.world = World(clock=self.clock, identity=self.identity)
        ruled = PROJECT.replace(old, GATES).replace(b"[environments.staging.gates]\n", COMMITTED)
        self.world.edit("envctl.toml", (ruled + CHECKS).decode())
        self.releases: list[str] = []

    def at(self, hours: float, who: Actor) -> None:
        self.clock.time, self.identity.who = NOW - timedelta(hours=hours), who

    def develops(self, hours: float, who: Actor = ANN, fails: bool = False) -> None:
        self.at(hours, who)
        made = len(self.releases) + 1
        self.world.edit("modules/network/main.tf", f"{NETWORK.decode()}# {made}\n")
        known = self.world.versions.known
        self.world.versions.known = type(known)(f"{made * 7919:06x}c0ffee", who.name, uncommitted=False)
        if fails:
            self.fails("dev", lambda: apply(self.world.ports, "dev"))
        else:
            self.releases.append(apply(self.world.ports, "dev").release)

    def develops_in_vain(self, hours: float) -> None:
        """It is deployed, and does not work."""
        with suppress(EnvctlError):
            self.develops(hours)
        self.releases.append("")

    def promotes(self, hours: float, source: str, target: str, *, glass: str = "", fails: bool = False) -> None:
        self.at(hours, ROBOT)
        self.resources(target)
        wishes = Wishes(break_glass=glass)
        if fails:
            self.fails(target, lambda: promote(self.world.ports, source, target, wishes))
        else:
            promote(self.world.ports, source, target, wishes)

    def approves(self, hours: float, *gates: str) -> None:
        self.resources("prod")
        for gate, who in zip(gates, (BOB, TARO, TARO), strict=False):
            self.at(hours, who)
            approve(self.world.ports, "prod", gate, unseen=["web"])

    def fails(self, environment: str, deploy: object) -> None:
        self.world.terraform.fails_on.add((environment, "web"))
        try:
            deploy()  # type: ignore[operator]
        except EnvctlError:
            self.world.terraform.fails_on.clear()
        else:
            raise AssertionError("it had to fail")

    def resources(self, environment: str) -> None:
        """What plans hold besides, once something is there."""
        if (environment, "web") not in self.world.terraform.reality:
            return
        web = [("aws_launch_template.this", Action.UPDATE), ("aws_autoscaling_group.this", Action.UPDATE)]
        many = [(f'aws_route53_record.alias["{n:03}.shop.example.com"]', Action.CREATE) for n in range(1, 112)]
        net = [('aws_security_group_rule.https["office"]', Action.CREATE), ("aws_vpc_endpoint.s3", Action.UPDATE)]
        shown = {"web": web + (many if environment == "staging" else []), "network": net}
        for stack, changes in shown.items():
            self.world.terraform.extra[environment, stack] = tuple(
                ResourceChange(address, address.partition(".")[0], action) for address, action in changes
            )


def a_fortnight() -> World:
    """Twelve releases; dev is well, staging has drifted, prod owes a debt, is locked, and waits for approvals."""
    told = Story()
    told.develops(330)
    told.promotes(326, "dev", "staging")
    told.approves(300, "peer", "business", "quality")
    told.promotes(299, "staging", "prod")
    told.develops(290, BOB)
    told.develops(266, fails=True)
    told.develops(265.4)
    told.promotes(262, "dev", "staging")
    told.approves(230, "peer", "business", "quality")
    told.promotes(229, "staging", "prod")
    told.develops(222, TARO)
    told.develops(175)
    told.develops(173.5, BOB)
    told.promotes(170, "dev", "staging", fails=True)
    told.promotes(169, "dev", "staging")
    told.promotes(165, "staging", "prod", glass="checkout is down,\nincident 4711")
    told.at(150, ROBOT)
    rollback(told.world.ports, "prod")
    told.develops(146)
    told.develops(121, TARO)
    told.develops(120)
    told.promotes(117, "dev", "staging")
    told.world.probes.problems["http"] = "https://shop.example.com/health answered 503"
    told.develops_in_vain(76)
    told.world.probes.problems.clear()
    told.develops(51)
    told.promotes(48, "dev", "staging")
    told.approves(9, "peer")
    told.at(7, TARO)
    lock(told.world.ports, "prod", "load test until noon, ask me first")
    told.develops(4.2, fails=True)
    told.develops(3.1)
    told.at(2, ROBOT)
    told.world.terraform.drifted |= {("staging", "web"), ("staging", "network")}
    drift(told.world.ports)
    told.clock.time, told.clock.step = NOW, timedelta()
    told.identity.who = BOB
    return told.world


if __name__ == "__main__":
    for entry in recorded(a_fortnight()):
        print(entry.seq, entry.at, entry.actor, entry.event)  # noqa: T201
