"""What must hold of rollouts between the tables of the project file."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from envctl.domain.config.faults import Fault, TomlPath, table, texts
from envctl.domain.rollout.traffic import ALL
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.text.suggestions import suggestion

ALARM_OUTPUT, CHECK = "alarm:output:", "check:"


def rollouts(document: Mapping[str, object]) -> Iterator[Fault]:
    """Of the raw document, as all rules between tables."""
    for name in table(document, "stacks"):
        rollout = table(document, "stacks", name, "rollout")
        path: TomlPath = ("stacks", name, "rollout")
        yield from _steps(name, rollout.get("steps"), (*path, "steps"))
        for position, text in enumerate(texts(rollout.get("abort_on"))):
            yield from _watched(document, name, text, (*path, "abort_on", position))
        artifact, known = rollout.get("artifact"), table(document, "artifacts")
        if isinstance(artifact, str) and artifact not in known:
            message = f"the stack {name} rolls out {artifact}, and there is no such artifact"
            yield Fault("E121", message, suggestion(artifact, known) or "add it to [artifacts]", (*path, "artifact"))


def _steps(stack: str, steps: object, path: TomlPath) -> Iterator[Fault]:
    if not isinstance(steps, list) or not steps or not all(type(each) is int and each >= 1 for each in steps):
        return
    if any(later <= earlier for earlier, later in pairwise(steps)) or steps[-1] > ALL:
        message = f"the steps of {stack} must be percentages that rise, up to 100"
        yield Fault("E121", message, "write them like steps = [10, 50, 100]", path)
    elif steps[-1] != ALL:
        message = f"the steps of {stack} end with {steps[-1]} percent: the rest of the requests would stay for ever"
        yield Fault("E121", message, f"let them end with 100: steps = {[*steps, ALL]}", path)


def _watched(document: Mapping[str, object], stack: str, text: str, path: TomlPath) -> Iterator[Fault]:
    if text.startswith(CHECK):
        name, known = text.removeprefix(CHECK), table(document, "checks")
        if name not in known:
            message = f"the rollout of {stack} looks at the check {name}, and there is none"
            yield Fault("E122", message, suggestion(name, known) or f"add [checks.{name}]", path)
    elif text.startswith(ALARM_OUTPUT):
        try:
            needed = Reference.parse(text.removeprefix(ALARM_OUTPUT)).stack
        except ValueError:
            # Said by the table itself.
            return
        if needed not in table(document, "stacks"):
            message = f"the rollout of {stack} reads {text.removeprefix('alarm:')}, and there is no stack {needed}"
            yield Fault("E122", message, suggestion(needed, table(document, "stacks")), path)
