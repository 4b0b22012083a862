"""New projects: their parts and placeholders."""

from collections.abc import Iterator
from itertools import groupby

from envctl.usecases.project.init import InitResult

PART_MEANINGS = {
    "envctl.toml": "the pipeline, its rules, and the stacks",
    "environments": "the settings of each environment",
    "modules": "ordinary Terraform modules",
    "app": "the application and its image",
    "kubernetes": "the objects in the cluster: the application, and who may do what",
    "charts": "charts of controllers, which you choose",
}


def list_parts(begun: InitResult) -> Iterator[tuple[str, str]]:
    """Yield the main files and folders with their meaning."""
    for top, paths in groupby(begun.files, key=lambda path: path.partition("/")[0]):
        if top == "modules":
            names = dict.fromkeys(path.split("/")[1] for path in paths)
            yield "modules/", f"{PART_MEANINGS[top]}: {', '.join(names)}"
        elif top in PART_MEANINGS:
            yield (top if top.endswith(".toml") else f"{top}/"), PART_MEANINGS[top]


def describe_placeholders(begun: InitResult) -> str:
    """Name the placeholders to replace before using AWS."""
    ids, are = ("id", "is a placeholder") if len(begun.placeholders) == 1 else ("ids", "are placeholders")
    return f"Before a deployment to AWS: the account {ids} of {', '.join(begun.placeholders)} {are}; see README.md."
