"""The table `[cost]`: who is asked what a plan costs. envctl knows no prices."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from envctl.domain.config.argv import words
from envctl.domain.config.fields import Duration, Section


def _words(command: object) -> object:
    return words(command, '["python", "tools/cost.py"]')


class CostTable(Section):
    """A program that is run in the project's folder: it is told a plan, and tells what that costs."""

    command: Annotated[tuple[str, ...], BeforeValidator(_words)]
    timeout: Duration = timedelta(seconds=60)
