"""What a command takes before it does anything: against a Python that does nothing."""

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Command, clean_environment, compared, in_turn, walls
from benchmarks.projects import ENVCTL, Yard
from benchmarks.results import Results

_COMPLETION = {"_ENVCTL_COMPLETE": "complete_bash", "COMP_WORDS": "envctl promote ", "COMP_CWORD": "2"}

# What current installers write as `envctl`. Older ones, such as pip 23, import `re` there: half of a Python's start.
_SCRIPT = (sys.executable, "-c", "from envctl.__main__ import main; main()")


def run(results: Results, yard: Yard) -> None:  # noqa: ARG001 (no theme asks for more than it needs)
    results.theme("Cold start, against python -c pass")
    with tempfile.TemporaryDirectory() as above:
        Command([ENVCTL, "init", "shop", "--template", "web"], Path(above), clean_environment()).run()
        project = Path(above, "shop")
        python = Command([sys.executable, "-c", "pass"], project, clean_environment())
        for told, words, target, extra in (
            ("envctl --version", ["--version"], 1.21, {}),
            ("envctl --help", ["--help"], 5.6, {}),
            ("a completion", [], 4.6, _COMPLETION),
            ("envctl validate", ["validate"], 16.7, {}),
        ):
            command = Command([*_SCRIPT, *words], project, clean_environment() | extra)
            ours, theirs = in_turn([command], [python], results.rounds(15))
            results.heed((*ours, *theirs))
            cpu, _ = compared([each.cpu for each in ours], [each.cpu for each in theirs])
            results.ratio(told, walls(ours), walls(theirs), target, f"CPU {cpu:.2f}")
