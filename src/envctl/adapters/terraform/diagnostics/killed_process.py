"""Killed processes: Terraform, a provider, or a program run by it. Reports victim, lack of memory, and next step."""

import re
import signal
from collections.abc import Sequence

from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem
from envctl.domain.text.lists import join_first

OUT_OF_MEMORY, KILLED = "E331", "E332"
MEMORY_HINT = "run fewer at once (--parallelism 1, or --memory with their total limit), or add memory"
# A shell around Terraform returns 128 and the number of the signal.
_KILLED_CODES = (-signal.SIGKILL, 128 + signal.SIGKILL)
_LOG_ENTRY = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[ERROR\] provider.*\n?(?:  \S+=\n(?:  \| .*\n?)*)*", re.MULTILINE)
_LOST_PROVIDER = re.compile(
    r"failed to respond\W+to the|request was cancelled|read any lines from\s+plugin's stdout|code = Unavailable"
    r"|transport is closing|reading from server: EOF|reattachment\s+process\s+not\s+found"
)
_KILLED_PROVIDER = re.compile(
    r"plugin process exited: .*?terraform-provider-([\w-]+?)_v([\w.+-]+?)(?:_x\d+)? .*signal: killed"
)
_KILLED_PROGRAM = "signal: killed"
_MAX_NAMED = 5
_READ_ONLY = ("init", "plan", "show", "output")


def split_log(errors: str) -> tuple[str, str]:
    """Split stderr of Terraform into its messages and its log."""
    return _LOG_ENTRY.sub("", errors), "".join(_LOG_ENTRY.findall(errors))


def is_terraform_killed(ended: ProcessResult) -> bool:
    """Return whether Terraform itself was killed, other than by envctl: after too long a silence, or a signal."""
    return ended.code in _KILLED_CODES and not (ended.silent or ended.killed)


def describe_victim(ended: ProcessResult, transcript: Transcript) -> str:
    """Return the killed program in words; empty if there is none, or if it is unknown."""
    if is_terraform_killed(ended):
        return "Terraform"
    if not ended.code:
        return ""
    text = "\n".join([*(each.text for each in transcript.errors), ended.errors])
    if _LOST_PROVIDER.search(text):
        # Terraform kills a provider too slow to exit, too: such a one has answered all requests.
        named = _KILLED_PROVIDER.search(ended.log)
        return f"provider {named[1]} {named[2]}" if named else "a provider" if ended.oom_killed else ""
    return "a program that Terraform ran" if _KILLED_PROGRAM in text else ""


def list_other_diagnostics(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics about other faults."""
    return [each for each in diagnostics if not (_LOST_PROVIDER.search(each.text) or _KILLED_PROGRAM in each.text)]


def describe_kill(ended: ProcessResult, transcript: Transcript, site: Site, command: str) -> Problem | None:
    killed = describe_victim(ended, transcript)
    if not killed:
        return None
    code, message = KILLED, f"{killed} was killed (SIGKILL)"
    if ended.oom_killed:
        taken = f"; envctl's processes took {ended.memory >> 20} MiB at their peak" if ended.memory else ""
        code, message = OUT_OF_MEMORY, f"the kernel killed {killed}: out of memory{taken}"
    lost = [each.address for each in transcript.errors if each.address and _LOST_PROVIDER.search(each.text)]
    unfinished = {*transcript.unfinished, *(address.removeprefix(site.stack.address_prefix) for address in lost)}
    if command == "apply" and unfinished:
        addresses = join_first(sorted(unfinished), _MAX_NAMED, len(unfinished))
        message += f"\nit was working on {addresses}: what it created may be missing from the state"
    return Problem(code, f"{site.stack.name}: {message}", _suggest_next(ended, site, command), stack=site.stack.name)


def _suggest_next(ended: ProcessResult, site: Site, command: str) -> str:
    advice = MEMORY_HINT if ended.oom_killed else "find the cause (a person, a time limit, a memory monitor)"
    if command != "apply":
        return f"{advice}; nothing was changed" if command in _READ_ONLY else advice
    if is_terraform_killed(ended):
        return f"{advice}; then check its lock and its state: {format_command('recover', site.environment)}"
    kept = "finished changes are kept, and the next run continues"
    return f"{advice}; {kept}; for an existing resource, it shows the import command"
