"""The settings with which a stack that leaves is destroyed: those that it was deployed with, as far as they were kept.

What is sensitive is kept nowhere. It comes from the settings of today, where they still have it, or from a file for
just that; where neither has it, it is empty, and that is said.
"""

from collections.abc import Mapping, Sequence

from envctl.domain.config.project import Project
from envctl.domain.terraform.types import Collection, Object, Primitive, Tuple, TypeExpression
from envctl.domain.terraform.variables import Variable
from envctl.domain.text.lists import listed
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import settings_store
from envctl.usecases.release.stack_makers import Maker


def removed_file(environment: str) -> str:
    return f"environments/{environment}/removed.tfvars"


def find_arguments(
    ports: Ports,
    project: Project,
    environment: str,
    stack: str,
    *,
    maker: Maker,
    lost: Sequence[str],
    positioned: Mapping[str, object],
) -> dict[str, object]:
    """`lost` are inputs that were wired to stacks which are not there any more. `positioned` is what a rollout gave to
    the stack.
    """
    wiring = maker.release.wiring
    kept = settings_store.look(ports, environment, maker.settings)
    known = kept.arguments.get(stack, {}) if kept else {}
    today = _today(ports, project, environment)
    builtin = {"environment": environment, "project": wiring.project, **positioned}
    region = _region(project, environment, wiring.stacks[stack].region)
    found: dict[str, object] = {}
    missing: list[str] = []
    for variable in wiring.schema[stack]:
        name = variable.name
        if name in wiring.stacks[stack].inputs and name not in lost:
            continue
        if name in known:
            found[name] = known[name]
        elif name in builtin or (name == "region" and region):
            found[name] = builtin.get(name, region)
        elif name in today:
            found[name] = today[name]
        elif name in wiring.artifacts:
            found[name] = wiring.artifacts[name]
        elif not variable.has_default:
            found[name] = empty_value(variable.type)
            missing.append(name)
    if missing:
        ports.observer.said(_said(environment, stack, missing, wiring.schema[stack]))
    return found


def empty_value(type_: TypeExpression) -> object:
    """A value of the type that says as little as it can: functions fail on null, and rarely on these."""
    match type_:
        case Primitive(name):
            return {"string": "", "number": 0, "bool": False}[name]
        case Collection("map", _):
            return {}
        case Collection():
            return []
        case Tuple(elements):
            return [empty_value(each) for each in elements]
        case Object(attributes):
            return {each.name: empty_value(each.type) for each in attributes if not each.optional}
        case _:
            return None


def _today(ports: Ports, project: Project, environment: str) -> Mapping[str, object]:
    files = list(load.settings_files(ports, project, environment))
    data = ports.tree.read(removed_file(environment))
    if data is not None:
        files.append(ports.reader.settings(data, removed_file(environment)))
    return {each.name: each.value for file in files for each in file.assignments}


def _region(project: Project, environment: str, named: str) -> str:
    there = project.environments[environment]
    return (there.regions.get(named, "") if named else there.region) or ""


def _said(environment: str, stack: str, missing: Sequence[str], variables: Sequence[Variable]) -> str:
    sensitive = {variable.name for variable in variables if variable.sensitive}
    what = "sensitive settings are" if sensitive.issuperset(missing) else "settings are"
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{stack} leaves {environment}, and some of its {what} not kept: {listed(missing)} {verb} empty for this plan."
        f" If the plan fails because of that, write them into {removed_file(environment)}"
    )
