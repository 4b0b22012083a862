"""A Terraform in memory whose root modules hold topics of one cloud. It creates a topic that exists, as SNS does."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange, StackPlan
from envctl.usecases.ports.terraform import OnFinished, PlanLocking, PreparedStack, ignore_changes
from tests.fakes.terraform import Killed, MemoryTerraform

TYPE = "aws_sns_topic"
Where = tuple[str, str]


def format_topic(name: str) -> str:
    return f'resource "{TYPE}" "{name}" {{\n  name = "{name}"\n}}\n'


def format_removed(name: str) -> str:
    return f"removed {{\n  from = {TYPE}.{name}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"


def format_import(name: str) -> str:
    return f'import {{\n  to = {TYPE}.{name}\n  id = "{name_topic(name)}"\n}}\n'


def name_topic(name: str) -> str:
    return f"arn:aws:sns:eu-west-1:111111111111:{name}"


@dataclass
class CloudTerraform(MemoryTerraform):
    # The topics of each environment, each with the number of its creation.
    cloud: dict[str, dict[str, int]] = field(default_factory=dict)
    held: dict[Where, set[str]] = field(default_factory=dict)
    saved: dict[Where, tuple[ResourceChange, ...]] = field(default_factory=dict)
    created: int = 0
    dies_before: int = -1  # the number of changes before the process is killed; negative: never

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: PlanLocking = "wait",
        on_changes: Callable[[], None] = ignore_changes,
    ) -> StackPlan:
        where = (environment, stack.name)
        there = self.cloud.setdefault(environment, {})
        code = "" if destroy else self._read_code(where)
        wanted, removed, imported = (
            set(re.findall(pattern, code))
            for pattern in (rf'resource "{TYPE}" "(\w+)"', rf"from = {TYPE}\.(\w+)", rf"to = {TYPE}\.(\w+)")
        )
        # A refresh drops topics that are gone.
        held = self.held.get(where, set()) & there.keys()
        if missing := (wanted & imported) - held - there.keys():
            raise OperationFailedError(Problem("E305", f"Cannot import non-existent remote object {missing}"))
        acts = {name: Action.IMPORT if name in imported else Action.CREATE for name in wanted - held}
        acts |= {name: Action.FORGET if name in removed else Action.DELETE for name in held - wanted}
        self.saved[where] = changes = tuple(_describe_change(*each) for each in sorted(acts.items()))
        return StackPlan(stack.name, resources=changes, stateless=not held, in_state=len(held))

    def apply(self, environment: str, stack: PreparedStack, on_finished: OnFinished = ignore_changes) -> None:
        where = (environment, stack.name)
        there, held = self.cloud[environment], self.held.setdefault(where, set())
        for change in self.saved.pop(where):
            name = change.address.partition(".")[2]
            if self.dies_before == 0:
                raise Killed
            self.dies_before -= 1
            if change.action is Action.CREATE and name not in there:
                self.created += 1
                there[name] = self.created
            if change.action is Action.DELETE:
                there.pop(name, None)
            (held.add if change.action in (Action.CREATE, Action.IMPORT) else held.discard)(name)
            on_finished(change.address, change.action)

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        return (environment, stack.name) in self.held

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        held = self.held.get((environment, stack.name), set())
        resources = [
            {"mode": "managed", "type": TYPE, "name": name, "instances": [{"attributes": _list_values(name)}]}
            for name in held
        ]
        return json.dumps({"resources": resources}).encode()

    def _read_code(self, where: Where) -> str:
        return "".join(
            file.data.decode() for path, file in self.workspace.trees[where].items() if path.endswith("main.tf")
        )


def _list_values(name: str) -> Mapping[str, str]:
    return {"id": name_topic(name), "arn": name_topic(name), "name": name}


def _describe_change(name: str, action: Action) -> ResourceChange:
    known = _list_values(name)
    sides: dict[Action, list[tuple[str, object, object]]] = {
        Action.CREATE: [(key, None, name if key == "name" else Marker.UNKNOWN) for key in known],
        Action.DELETE: [(key, value, None) for key, value in known.items()],
    }
    return ResourceChange(
        address=f"{TYPE}.{name}",
        type=TYPE,
        action=action,
        attributes=tuple(AttributeChange(*each) for each in sides.get(action, [])),
        imported=name_topic(name) if action is Action.IMPORT else "",
    )
