"""Regions of AWS, and checks of environments and regions of stacks."""

import re
from collections.abc import Iterator, Mapping

from envctl.domain.config.fields import REGION_PATTERN, Fault, TomlPath, find_table, list_texts
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.text.suggestions import find_nearest, suggest_name

# As in boto3's list of endpoints and partitions; a test compares them.
_NAMES = """
af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1
ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1
cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-isoe-west-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2
eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1
us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1
us-isof-south-1 us-west-1 us-west-2
"""
REGIONS = frozenset(_NAMES.split())
UNKNOWN_REGION = "E136"


def check_stack_places(document: Mapping[str, object]) -> Iterator[Fault]:
    yield from _check_environment_names(document)
    yield from _check_each_has_stacks(document)
    yield from _check_dependencies(document)
    yield from _check_read_outputs(document)
    yield from _check_regions(document)


def _list_standalone(document: Mapping[str, object]) -> list[str]:
    sections = find_table(document, "environments")
    return [name for name in sections if find_table(sections, name).get("pipeline") is False]


def _list_environments(document: Mapping[str, object], stack: str) -> frozenset[str]:
    """Return the standalone environments of a stack; empty for a stack of the pipeline."""
    return frozenset(list_texts(find_table(document, "stacks", stack).get("environments")))


def _check_environment_names(document: Mapping[str, object]) -> Iterator[Fault]:
    known, beside = find_table(document, "environments"), _list_standalone(document)
    for stack in find_table(document, "stacks"):
        for position, name in enumerate(list_texts(find_table(document, "stacks", stack).get("environments"))):
            path = ("stacks", stack, "environments", position)
            if name not in known:
                message = f"the stack {stack} is for {name}, but there is no such environment"
                yield Fault("E104", message, suggest_name(name, beside or known), path)
            elif name not in beside:
                message = f"the stack {stack} is only for {name}, a part of the pipeline"
                hint = (
                    "a stack of the pipeline runs in all its environments: remove the line, and use a setting"
                    " to switch it off"
                )
                yield Fault("E104", message, hint, path)


def _check_each_has_stacks(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks = find_table(document, "stacks")
    if stacks and all(_list_environments(document, stack) for stack in stacks):
        yield Fault("E104", "no stack runs in the pipeline", "add one without `environments`", ("stacks",))
    for name in _list_standalone(document):
        if not any(name in _list_environments(document, stack) for stack in stacks):
            hint = f'list it in a stack: environments = ["{name}"]'
            yield Fault("E104", f"{name} is outside the pipeline and has no stack", hint, ("environments", name))


def _check_dependencies(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks = find_table(document, "stacks")
    for stack in stacks:
        for variable, text in find_table(stacks, stack, "inputs").items():
            needed = parse_stack(text)
            if not _is_always_available(document, stack, needed):
                message = f"the stack {stack} reads {text}, but {needed} does not run in all environments of {stack}"
                hint = "let both run in the same environments, or give the value as a setting"
                yield Fault("E105", message, hint, ("stacks", stack, "inputs", variable))
        cluster = find_table(stacks, stack).get("cluster")
        needed = parse_stack(cluster)
        if needed and not _is_always_available(document, stack, needed):
            message = f"the stack {stack} goes to {cluster}, but {needed} does not run in all environments of {stack}"
            hint = "let both run in the same environments"
            yield Fault("E105", message, hint, ("stacks", stack, "cluster"))
        for position, needed in enumerate(list_texts(find_table(stacks, stack).get("after"))):
            if not _is_always_available(document, stack, needed):
                message = (
                    f"the stack {stack} comes after {needed}, but {needed} does not run in all environments of {stack}"
                )
                hint = "let both run in the same environments, or remove it"
                yield Fault("E105", message, hint, ("stacks", stack, "after", position))


def _is_always_available(document: Mapping[str, object], stack: str, needed: str) -> bool:
    """Check if `needed` runs wherever `stack` does. An unknown stack is reported elsewhere."""
    if needed not in find_table(document, "stacks"):
        return True
    mine, its = _list_environments(document, stack), _list_environments(document, needed)
    return mine <= its if mine else not its


def _check_read_outputs(document: Mapping[str, object]) -> Iterator[Fault]:
    checks = find_table(document, "checks")
    for name in checks:
        check = find_table(checks, name)
        for key in ("url", "output"):
            text = check.get(key)
            stack = parse_stack(text.removeprefix("output:")) if isinstance(text, str) else ""
            its = _list_environments(document, stack)
            asked = set(list_texts(check.get("environments")))
            if its and not (asked and asked <= its):
                message = f"the check {name} reads {text}, but {stack} runs only in {', '.join(sorted(its))}"
                hint = f"limit the check: environments = [{', '.join(repr(each) for each in sorted(its))}]".replace(
                    "'", '"'
                )
                yield Fault("E105", message, hint, ("checks", name, key))


def _check_regions(document: Mapping[str, object]) -> Iterator[Fault]:
    order = list_texts(find_table(document, "pipeline").get("order"))
    for stack in find_table(document, "stacks"):
        region = find_table(document, "stacks", stack).get("region")
        if not isinstance(region, str):
            continue
        for name in _list_environments(document, stack) or order:
            if region not in find_table(document, "environments", name, "regions"):
                yield Fault("E119", *describe_unnamed_region(stack, region, name), ("stacks", stack, "region"))


def describe_unnamed_region(stack: str, region: str, environment: str) -> tuple[str, str]:
    """Return message and hint for an environment without the named region of a stack."""
    message = f"the stack {stack} runs in the region named {region}, but {environment} has no such region"
    return message, f'name it: [environments.{environment}] regions = {{ {region} = "…" }}'


def parse_stack(text: object) -> str:
    """Return the stack of an output reference; empty for an invalid one, reported elsewhere."""
    try:
        return OutputReference.parse(text).stack if isinstance(text, str) else ""
    except ValueError:
        return ""


def check_region_names(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault for each region neither known nor in `[aws] new_regions`. The models report other spellings."""
    known = {*REGIONS, *list_texts(find_table(document, "aws").get("new_regions"))}
    for path, region in _list_regions(document):
        if isinstance(region, str) and is_region_spelling(region) and region not in known:
            near = find_nearest(region, REGIONS)
            meant = f"did you mean {near}? " if near else ""
            hint = f'{meant}A region newer than envctl goes into [aws] new_regions = ["{region}"]'
            message = f"""{".".join(map(str, path))} = "{region}" is not a region of AWS that envctl knows"""
            yield Fault(UNKNOWN_REGION, message, hint, path)


def is_region_spelling(text: str) -> bool:
    return re.fullmatch(REGION_PATTERN, text, re.ASCII) is not None


def _list_regions(document: Mapping[str, object]) -> Iterator[tuple[TomlPath, object]]:
    yield ("store", "region"), find_table(document, "store").get("region")
    for name in find_table(document, "environments"):
        section = find_table(document, "environments", name)
        yield ("environments", name, "region"), section.get("region")
        for key, region in find_table(section, "regions").items():
            yield ("environments", name, "regions", key), region
    for kind in ("environments", "stacks"):
        for owner in find_table(document, kind):
            for name in find_table(document, kind, owner, "providers"):
                if name.partition(".")[0] in {"aws", "awscc"}:
                    table = find_table(document, kind, owner, "providers", name)
                    yield (kind, owner, "providers", name, "region"), table.get("region")
