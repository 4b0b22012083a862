"""A Terraform, a provider or another program of its that was killed: whom it hit, whether the kernel did it for want of
memory, and what is to be looked after.
"""

import re
import signal
from collections.abc import Sequence

from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import Ended
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import Problem
from envctl.domain.text.lists import first_of

LOG = {"TF_LOG_PROVIDER": "ERROR"}
"""Has Terraform say on stderr how a provider ended, which it says nowhere else."""

OURS = "TF_LOG"
"""Whoever sets it wants more to be logged, and gets that as it is."""

STARVED, KILLED = "E331", "E332"
FEWER = "let fewer run at once (--parallelism 1, or --memory with what they may take together), or give them more"
# A shell around Terraform says it in its own way.
_CODES = (-signal.SIGKILL, 128 + signal.SIGKILL)
_LOGGED = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[ERROR\] provider.*\n?(?:  \S+=\n(?:  \| .*\n?)*)*", re.MULTILINE)
_LOST = re.compile(
    r"failed to respond\W+to the|request was cancelled|read any lines from\s+plugin's stdout|code = Unavailable"
    r"|transport is closing|reading from server: EOF"
)
_PROVIDER = re.compile(
    r"plugin process exited: .*?terraform-provider-([\w-]+?)_v([\w.+-]+?)(?:_x\d+)? .*signal: killed"
)
_PROGRAM = "signal: killed"
_NAMED = 5
_READING = ("init", "plan", "show", "output")


def apart(errors: str) -> tuple[str, str]:
    """What Terraform wrote to stderr: what it said, and what was logged."""
    return _LOGGED.sub("", errors), "".join(_LOGGED.findall(errors))


def itself(ended: Ended) -> bool:
    """Whether it was Terraform. One that envctl gave up has had its time."""
    return ended.code in _CODES and not ended.silent


def victim(ended: Ended, transcript: Transcript) -> str:
    """In words; empty where nothing was killed, or nobody knows."""
    if itself(ended):
        return "Terraform"
    if not ended.code:
        return ""
    said = "\n".join([*(_said(each) for each in transcript.errors), ended.errors])
    if _LOST.search(said):
        # One that did not end in time is killed by Terraform, after it has answered all that it was asked.
        named = _PROVIDER.search(ended.log)
        return f"provider {named[1]} {named[2]}" if named else "a provider" if ended.starved else ""
    return "a program that Terraform ran" if _PROGRAM in said else ""


def beside(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those that speak of something else."""
    return [each for each in diagnostics if not (_LOST.search(_said(each)) or _PROGRAM in _said(each))]


def problem(ended: Ended, transcript: Transcript, site: Site, command: str) -> Problem | None:
    whom = victim(ended, transcript)
    if not whom:
        return None
    code, message = KILLED, f"{whom} was killed (SIGKILL)"
    if ended.starved:
        taken = f"; envctl's processes took {ended.memory >> 20} MiB at their peak" if ended.memory else ""
        code, message = STARVED, f"the kernel killed {whom} for want of memory{taken}"
    if command == "apply" and (amid := _amid(transcript, site.stack.name)):
        message += f"\nit was in the midst of {amid}: that may be there although no state says so"
    return Problem(code, f"{site.stack.name}: {message}", _hint(ended, site, command), stack=site.stack.name)


def _amid(transcript: Transcript, stack: str) -> str:
    lost = [each.address for each in transcript.errors if each.address and _LOST.search(_said(each))]
    addresses = sorted({*transcript.begun, *(address.removeprefix(f"module.{stack}.") for address in lost)})
    return first_of(addresses, _NAMED, len(addresses)) if addresses else ""


def _hint(ended: Ended, site: Site, command: str) -> str:
    then = FEWER if ended.starved else "find out who did it (a person, a time limit, a watcher of memory)"
    if command != "apply":
        return f"{then}; nothing was changed" if command in _READING else then
    if itself(ended):
        return f"{then}; and see to the lock and the state that it left: envctl recover {site.environment}"
    kept = "what was done is kept, and the next run goes on from there"
    return f"{then}; {kept}; if it says that something exists already, it says how to take it into the state"


def _said(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.summary}\n{diagnostic.detail}"
