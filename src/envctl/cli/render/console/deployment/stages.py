"""The numbered stages of a dry run."""

from collections.abc import Sequence

from rich.console import Console

from envctl.cli.render.terminal.text import print_item


def show_stages(stages: Sequence[str], out: Console) -> None:
    for number, stage in enumerate(stages, 1):
        print_item(out, f"{number:>3}. {stage}", indent=5)
