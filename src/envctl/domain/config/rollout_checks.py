"""Checks of rollouts across the tables of the project file."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from envctl.domain.config.faults import Fault, TomlPath, find_table, list_texts
from envctl.domain.config.regions import parse_stack
from envctl.domain.rollout.traffic import FULL_PERCENT
from envctl.domain.text.suggestions import suggest_name

ALARM_OUTPUT, CHECK = "alarm:output:", "check:"


def check_rollouts(document: Mapping[str, object]) -> Iterator[Fault]:
    """Find faults in the rollouts of the raw document."""
    for name in find_table(document, "stacks"):
        rollout = find_table(document, "stacks", name, "rollout")
        path: TomlPath = ("stacks", name, "rollout")
        yield from _check_steps(name, rollout.get("steps"), (*path, "steps"))
        for position, text in enumerate(list_texts(rollout.get("abort_on"))):
            yield from _check_watched(document, name, text, (*path, "abort_on", position))
        artifact, known = rollout.get("artifact"), find_table(document, "artifacts")
        if isinstance(artifact, str) and artifact not in known:
            message = f"the stack {name} rolls out {artifact}, and there is no such artifact"
            yield Fault("E121", message, suggest_name(artifact, known) or "add it to [artifacts]", (*path, "artifact"))


def _check_steps(stack: str, steps: object, path: TomlPath) -> Iterator[Fault]:
    if not isinstance(steps, list) or not steps or not all(type(each) is int and each >= 1 for each in steps):
        return
    if any(later <= earlier for earlier, later in pairwise(steps)) or steps[-1] > FULL_PERCENT:
        message = f"the steps of {stack} must be percentages that rise, up to 100"
        yield Fault("E121", message, "write them like steps = [10, 50, 100]", path)
    elif steps[-1] != FULL_PERCENT:
        message = f"the steps of {stack} end with {steps[-1]} percent: the rest of the requests would stay for ever"
        yield Fault("E121", message, f"let them end with 100: steps = {[*steps, FULL_PERCENT]}", path)


def _check_watched(document: Mapping[str, object], stack: str, text: str, path: TomlPath) -> Iterator[Fault]:
    if text.startswith(CHECK):
        name, known = text.removeprefix(CHECK), find_table(document, "checks")
        if name not in known:
            message = f"the rollout of {stack} looks at the check {name}, and there is none"
            yield Fault("E122", message, suggest_name(name, known) or f"add [checks.{name}]", path)
    elif text.startswith(ALARM_OUTPUT):
        # An invalid reference is reported by the rollout table.
        needed = parse_stack(text.removeprefix(ALARM_OUTPUT))
        if needed and needed not in find_table(document, "stacks"):
            message = f"the rollout of {stack} reads {text.removeprefix('alarm:')}, and there is no stack {needed}"
            yield Fault("E122", message, suggest_name(needed, find_table(document, "stacks")), path)
