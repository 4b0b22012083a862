"""The table `[cost]`: the program to estimate the cost of a plan. envctl knows no prices."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from envctl.domain.config.argv import check_argv
from envctl.domain.config.fields import Duration, Section


class CostTable(Section):
    """A program in the project's folder: it reads a plan, and returns its cost."""

    command: Annotated[tuple[str, ...], BeforeValidator(lambda words: check_argv(words, '["python", "tools/cost.py"]'))]
    timeout: Duration = timedelta(seconds=60)
