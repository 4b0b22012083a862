"""Where stacks run: in all of the pipeline or in environments beside it, and in which region of each."""

from collections.abc import Iterator, Mapping

from envctl.domain.config.faults import Fault, table, texts
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.text.suggestions import suggestion


def places(document: Mapping[str, object]) -> Iterator[Fault]:
    yield from _environments(document)
    yield from _needed(document)
    yield from _together(document)
    yield from _checked(document)
    yield from _regions(document)


def _beside(document: Mapping[str, object]) -> list[str]:
    sections = table(document, "environments")
    return [name for name in sections if table(sections, name).get("pipeline") is False]


def _of(document: Mapping[str, object], stack: str) -> frozenset[str]:
    """The environments beside the pipeline that a stack is for; none where it runs in the pipeline."""
    return frozenset(texts(table(document, "stacks", stack).get("environments")))


def _environments(document: Mapping[str, object]) -> Iterator[Fault]:
    known, beside = table(document, "environments"), _beside(document)
    for stack in table(document, "stacks"):
        for position, name in enumerate(texts(table(document, "stacks", stack).get("environments"))):
            path = ("stacks", stack, "environments", position)
            if name not in known:
                message = f"the stack {stack} is for {name}, and there is no such environment"
                yield Fault("E104", message, suggestion(name, beside or known), path)
            elif name not in beside:
                message = f"the stack {stack} is for {name} alone, which is part of the pipeline"
                hint = "what runs in the pipeline runs in all of it: take the line out, and let a setting switch it off"
                yield Fault("E104", message, hint, path)


def _needed(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks = table(document, "stacks")
    if stacks and all(_of(document, stack) for stack in stacks):
        yield Fault("E104", "no stack runs in the pipeline", "add one without `environments`", ("stacks",))
    for name in _beside(document):
        if not any(name in _of(document, stack) for stack in stacks):
            hint = f'say which stacks are for it: environments = ["{name}"]'
            yield Fault("E104", f"{name} stands beside the pipeline and has no stack", hint, ("environments", name))


def _together(document: Mapping[str, object]) -> Iterator[Fault]:
    """What a stack needs has to be wherever it is itself."""
    stacks = table(document, "stacks")
    for stack in stacks:
        for variable, text in table(stacks, stack, "inputs").items():
            needed = _stack_in(text)
            if not _everywhere(document, stack, needed):
                message = f"the stack {stack} reads {text}, and {needed} does not run wherever {stack} does"
                hint = "let both run in the same environments, or give the value as a setting"
                yield Fault("E105", message, hint, ("stacks", stack, "inputs", variable))
        for position, needed in enumerate(texts(table(stacks, stack).get("after"))):
            if not _everywhere(document, stack, needed):
                message = f"the stack {stack} comes after {needed}, which does not run wherever {stack} does"
                hint = "let both run in the same environments, or take it out"
                yield Fault("E105", message, hint, ("stacks", stack, "after", position))


def _everywhere(document: Mapping[str, object], stack: str, needed: str) -> bool:
    """Whether a stack that is needed runs wherever the other one does. One that there is not is told of elsewhere."""
    if needed not in table(document, "stacks"):
        return True
    mine, its = _of(document, stack), _of(document, needed)
    return mine <= its if mine else not its


def _checked(document: Mapping[str, object]) -> Iterator[Fault]:
    checks = table(document, "checks")
    for name in checks:
        check = table(checks, name)
        for key in ("url", "output"):
            text = check.get(key)
            stack = _stack_in(text.removeprefix("output:")) if isinstance(text, str) else ""
            its = _of(document, stack)
            asked = set(texts(check.get("environments")))
            if its and not (asked and asked <= its):
                message = f"the check {name} reads {text}, and {stack} runs in {', '.join(sorted(its))} alone"
                hint = f"say so: environments = [{', '.join(repr(each) for each in sorted(its))}]".replace("'", '"')
                yield Fault("E105", message, hint, ("checks", name, key))


def _regions(document: Mapping[str, object]) -> Iterator[Fault]:
    order = texts(table(document, "pipeline").get("order"))
    for stack in table(document, "stacks"):
        region = table(document, "stacks", stack).get("region")
        if not isinstance(region, str):
            continue
        for name in _of(document, stack) or order:
            if region not in table(document, "environments", name, "regions"):
                yield Fault("E119", *unnamed_region(stack, region, name), ("stacks", stack, "region"))


def unnamed_region(stack: str, region: str, environment: str) -> tuple[str, str]:
    """What is wrong where an environment does not say which region a stack of it runs in, and what to do."""
    message = f"the stack {stack} runs in the region that is called {region}, and {environment} has none"
    return message, f'say which one that is: [environments.{environment}] regions = {{ {region} = "…" }}'


def _stack_in(text: object) -> str:
    """Of a reference to an output; empty for what is none, which is said elsewhere."""
    try:
        return Reference.parse(text).stack if isinstance(text, str) else ""
    except ValueError:
        return ""
