"""The state that an apply could not save: Terraform leaves it in the stack's directory, and knows no more of it."""

import json
import re

from envctl.adapters.terraform.running import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.layout import MAIN

FILE = "errored.tfstate"
_SERIAL = re.compile(r'(?<="serial": )\d+')


def lies(site: Site) -> bool:
    return (site.directory / FILE).exists()


def problem(site: Site) -> Problem:
    message = (
        f"an apply of stack {site.stack.name} could not save its state: Terraform does not know of all that it made, "
        f"and would make it again. The state lies in {site.directory / FILE}"
    )
    return Problem("E313", message, f"put it in its place: envctl recover {site.environment}")


def demand_none(site: Site) -> None:
    """Raises OperationFailedError where one lies there."""
    if lies(site):
        raise OperationFailedError(problem(site))


def make_the_newest(site: Site) -> None:
    """Nothing but this directory writes a local state, and its writing may fail before or after the serial is counted
    up. Terraform takes no state in place of another one with the same serial.
    """
    if "local" in json.loads((site.directory / MAIN).read_bytes())["terraform"]["backend"]:
        file = site.directory / FILE
        file.write_text(_SERIAL.sub(lambda serial: str(int(serial[0]) + 1), file.read_text(), count=1))
