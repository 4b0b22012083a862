"""Check of the keys of `[state]` by Terraform, for projects that set more of them than envctl does."""

from collections.abc import Iterator, Mapping

from envctl.domain.config.states.state_place import find_key_path
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.domain.release.place.environment_place import resolve_place
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_key


def find_backend_mistakes(context: Context) -> Iterator[Problem]:
    """Yield the mistakes that Terraform finds. Without a Terraform on this machine, yield none: a plan finds them."""
    project, ports = context.project, context.ports
    shapes: set[str] = set()
    found: dict[tuple[str | int, ...], Problem] = {}
    for environment in project.all_environments:
        backend = resolve_place(project, environment).backend
        for stack in project.view_for(environment).stacks:
            keys = backend.settings_for_stack(stack)
            # Values of one type are right or wrong together.
            if (shape := _describe_shape(keys)) in shapes:
                continue
            shapes.add(shape)
            try:
                mistakes = ports.terraform.check_backend(project.terraform.binary or "", backend.kind, keys)
            except (ConfigurationError, OperationFailedError):
                return
            for each in mistakes:
                path = find_key_path(project, stack, each.key)
                message = f"the backend {backend.kind} of Terraform refuses {each.key}: {each.message}"
                hint = "correct it in envctl.toml; its keys are those of Terraform's own documentation"
                found[path] = Problem("E165", message, hint, locate_key(ports, *path))
    yield from found.values()


def _describe_shape(value: object) -> str:
    match value:
        case Mapping():
            return f"{{{', '.join(f'{key}: {_describe_shape(each)}' for key, each in sorted(value.items()))}}}"
        case list() | tuple():
            return f"[{', '.join(map(_describe_shape, value))}]"
        case str():
            # A text can stand for a number or a bool.
            is_plain = value in ("true", "false") or value.replace(".", "", 1).isdigit()
            return f"text {value}" if is_plain else "text"
    return type(value).__name__
