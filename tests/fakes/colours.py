"""A pipeline whose web goes over to new images in steps, with a Terraform that notes where its requests are sent."""

import json
from dataclasses import dataclass, field

from envctl.domain.rollout.traffic import Traffic
from envctl.usecases.deployment.apply import apply
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedStack
from tests.fakes.world import IMAGE, PROJECT, WEB, MemoryTerraform, World

ROLLOUT = """
[stacks.web.rollout]
steps = [10, 50, 100]
wait = "5m"
abort_on = ["alarm:shop-{environment}-5xx", "check:http"]

[checks.http]
url = "https://shop.example.com/health"
"""
COLOURS = """
variable "color" { default = "blue" }
variable "traffic_percent" { default = 100 }
variable "stable_image" { default = null }
"""
OLD, NEW, NEWEST = IMAGE, IMAGE.replace("a" * 64, "b" * 64), IMAGE.replace("a" * 64, "c" * 64)
DEV = "environments/dev/terraform.tfvars"
ALARM = "shop-{}-5xx"

Sent = tuple[str, int, str, str]
"""Colour, share, image and stable image."""


@dataclass
class Colours(MemoryTerraform):
    """`sent` is where the requests of web went with each apply, by environment. `fails_at` are shares that can't be
    applied, and with `fails_on_rest` nothing else can.
    """

    sent: dict[str, list[Sent]] = field(default_factory=dict)
    fails_at: set[int] = field(default_factory=set)
    fails_on_rest: bool = False

    def apply(self, environment: str, stack: PreparedStack) -> None:
        position = self.laid(environment) if stack.name == "web" else None
        if position and (position[1] in self.fails_at if position[3] else self.fails_on_rest):
            self.fails_on.add((environment, "web"))
        try:
            super().apply(environment, stack)
        finally:
            self.fails_on.discard((environment, "web"))
        if position:
            self.sent.setdefault(environment, []).append(position)

    def laid(self, environment: str) -> Sent:
        module = json.loads(self.workspace.stacks[environment, "web"])["module"]["web"]
        stable = module.get("stable_image") or ""
        return module.get("color", ""), module.get("traffic_percent", 0), module["image"], stable


class ColouredWorld(World):
    """With an alarm that says OK in each environment."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.colours = Colours(self.workspace)
        self.terraform = self.colours
        ungated = PROJECT.decode().replace("approvals = { peer = 1, business = 2 }", "approvals = {}")
        self.edit("envctl.toml", ungated + ROLLOUT)
        self.edit("modules/web/main.tf", WEB.decode() + COLOURS)
        self.alarms.states = {ALARM.format(name): "OK" for name in ("dev", "staging", "prod")}

    def takes(self, image: str) -> None:
        """The entry environment is to run that image."""
        text = self.tree.content[DEV].decode()
        for known in (OLD, NEW, NEWEST):
            text = text.replace(known, image)
        self.edit(DEV, text)

    def runs(self, image: str) -> None:
        self.takes(image)
        apply(self.ports, "dev")

    def traffic(self, environment: str = "dev") -> Traffic | None:
        return journal.present(self.ports).of(environment).traffic.get("web")

    def sent(self, environment: str = "dev") -> list[Sent]:
        return self.colours.sent.get(environment, [])
