"""Paths of a project that shares code with other projects of its repository.

In envctl, all paths are as the project writes them, such as `../modules/net/main.tf`. A bundle and a working directory
hold no `..`: their paths begin at the nearest folder above that holds all code, and `base` is the project's folder from
there, such as `shop`. Terraform finds the same relative positions.
"""

from collections.abc import Iterable
from posixpath import normpath

UP = ".."


def count_levels_up(path: str) -> int:
    """Return how many folders above the project a path begins."""
    parts = normpath(path).split("/")
    return next((index for index, part in enumerate(parts) if part != UP), len(parts))


def find_base(project: str, paths: Iterable[str]) -> str:
    """Return the base for paths of the project in the folder `project` of a repository; empty if all are inside."""
    levels = max(map(count_levels_up, paths), default=0)
    parts = [part for part in project.split("/") if part]
    return "/".join(parts[len(parts) - levels :]) if levels else ""


def to_bundle_path(base: str, path: str) -> str:
    """Return a path of the project from the top of the bundle."""
    return normpath(f"{base}/{path}") if base else path


def to_project_path(base: str, path: str) -> str:
    """Return a path of the bundle as the project writes it."""
    if not base:
        return path
    below, parts = base.split("/"), normpath(path).split("/")
    alike = next((i for i, pair in enumerate(zip(below, parts, strict=False)) if pair[0] != pair[1]), None)
    shared = min(len(below), len(parts)) if alike is None else alike
    return "/".join([*[UP] * (len(below) - shared), *parts[shared:]]) or "."
