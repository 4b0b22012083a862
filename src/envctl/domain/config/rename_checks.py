"""Checks of renamed stacks (`moved_from`)."""

from collections.abc import Iterator, Mapping

from envctl.domain.config.faults import Fault, TomlPath, find_table


def check_renames(document: Mapping[str, object]) -> Iterator[Fault]:
    stacks, removed = find_table(document, "stacks"), find_table(document, "removed")
    taken: dict[str, str] = {}
    for name in stacks:
        before = find_table(stacks, name).get("moved_from")
        if not isinstance(before, str):
            continue
        path: TomlPath = ("stacks", name, "moved_from")
        if before in stacks:
            message = f"{name} is moved from {before}, which is still a stack of the project"
            yield Fault("E138", message, f"remove [stacks.{before}], or this moved_from", path)
        if before in removed:
            message = f"{name} takes over the state of {before}, and [removed.{before}] says that it goes"
            yield Fault("E138", message, f"remove [removed.{before}], or this moved_from", path)
        if before in taken:
            message = f"{taken[before]} and {name} are both moved from {before}"
            yield Fault("E138", message, "one state can become that of one stack alone: remove one of the two", path)
        taken.setdefault(before, name)
