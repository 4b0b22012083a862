"""A pipeline that rolls out the stack web in steps, with a Terraform that records its traffic."""

import json
from dataclasses import dataclass, field

from envctl.domain.rollout.traffic import Traffic
from envctl.usecases.deployment.apply import apply
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import OnFinished, PreparedStack, ignore_changes
from tests.fakes.project_files import IMAGE, PROJECT, WEB
from tests.fakes.terraform import Killed, MemoryTerraform
from tests.fakes.world import World

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
OLD_IMAGE, NEW_IMAGE, NEWEST_IMAGE = IMAGE, IMAGE.replace("a" * 64, "b" * 64), IMAGE.replace("a" * 64, "c" * 64)
DEV_SETTINGS = "environments/dev/terraform.tfvars"
ALARM = "shop-{}-5xx"

SentTraffic = tuple[str, int, str, str]
"""Color, traffic percent, image and stable image."""


@dataclass
class RolloutTerraform(MemoryTerraform):
    """A Terraform that records the traffic of web with each apply, by environment."""

    sent: dict[str, list[SentTraffic]] = field(default_factory=dict)
    fails_at: set[int] = field(default_factory=set)  # traffic percents
    dies_at: set[int] = field(default_factory=set)  # traffic percents
    fails_on_rest: bool = False  # fails without a stable image

    def apply(self, environment: str, stack: PreparedStack, on_finished: OnFinished = ignore_changes) -> None:
        position = self.read_module_traffic(environment) if stack.name == "web" else None
        if position and (position[1] in self.fails_at if position[3] else self.fails_on_rest):
            self.fails_on.add((environment, "web"))
        if position and position[3] and position[1] in self.dies_at:
            raise Killed
        try:
            super().apply(environment, stack, on_finished)
        finally:
            self.fails_on.discard((environment, "web"))
        if position:
            self.sent.setdefault(environment, []).append(position)

    def read_module_traffic(self, environment: str) -> SentTraffic:
        module = json.loads(self.workspace.stacks[environment, "web"])["module"]["web"]
        stable = module.get("stable_image") or ""
        return module.get("color", ""), module.get("traffic_percent", 0), module["image"], stable


class RolloutWorld(World):
    """A world with a rollout of web, without approvals, and with an alarm in state OK."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.colours = RolloutTerraform(self.workspace)
        self.terraform = self.colours
        # Otherwise only looks at the clock make time pass: a step that waits five minutes would take 150 of them.
        self.terraform.on_pause = self.clock.pass_time
        ungated = PROJECT.decode().replace("approvals = { peer = 1, business = 2 }", "approvals = {}")
        self.edit("envctl.toml", ungated + ROLLOUT)
        self.edit("modules/web/main.tf", WEB.decode() + COLOURS)
        self.alarms.states = {ALARM.format(name): "OK" for name in ("dev", "staging", "prod")}

    def set_image(self, image: str) -> None:
        """Set the image in the settings of dev."""
        text = self.tree.content[DEV_SETTINGS].decode()
        for known in (OLD_IMAGE, NEW_IMAGE, NEWEST_IMAGE):
            text = text.replace(known, image)
        self.edit(DEV_SETTINGS, text)

    def deploy_image(self, image: str) -> None:
        self.set_image(image)
        apply(self.ports, "dev")

    def load_traffic(self, environment: str = "dev") -> Traffic | None:
        return journal.load(self.ports).find_environment(environment).traffic.get("web")

    def list_sent_traffic(self, environment: str = "dev") -> list[SentTraffic]:
        return self.colours.sent.get(environment, [])
