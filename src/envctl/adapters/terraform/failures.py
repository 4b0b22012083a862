"""What Terraform said when it failed, as problems that a person can act on."""

import re

from envctl.adapters.terraform.events import Diagnostic, Transcript
from envctl.adapters.terraform.process import Ended
from envctl.domain.errors import EnvctlError, Location, LockHeldError, OperationFailedError, Problem
from envctl.domain.layout import CODE, MAIN

_LOCK = re.compile(r"acquiring the state lock|locking .*state|state locked|already locked", re.IGNORECASE)
_HELD = re.compile(r"Lock Info:|ConditionalCheckFailed|PreconditionFailed|temporarily unavailable")
_LOCK_FIELD = re.compile(r"^\s*(Who|Operation|Created|ID):\s*(.+?)\s*$", re.MULTILINE)


def failure(ended: Ended, transcript: Transcript, stack: str, command: str) -> EnvctlError:
    """The error to raise for a run that did not end well."""
    problems = [_problem(diagnostic, stack, command) for diagnostic in transcript.errors]
    if not problems:
        said = (ended.errors or "".join(transcript.other)).strip() or f"it ended with code {ended.code}"
        problems = [Problem("E305", f"terraform {command} of {stack} failed: {said}", _next(command))]
    # A lock that can't be taken for lack of rights or of the bucket is not held by anybody.
    if locked := next((d for d in transcript.errors if _LOCK.search(d.summary) and _HELD.search(d.detail)), None):
        return LockHeldError(_held(locked, stack))
    return OperationFailedError(*problems)


def _problem(diagnostic: Diagnostic, stack: str, command: str) -> Problem:
    message = f"{stack}: {diagnostic.summary}"
    if diagnostic.address:
        message += f" ({diagnostic.address.removeprefix(f'module.{stack}.')})"
    if diagnostic.detail:
        message += f"\n{diagnostic.detail.strip()}"
    return Problem("E305", message, _next(command), _location(diagnostic, stack))


def _location(diagnostic: Diagnostic, stack: str) -> Location | None:
    """The release's copy of a module is named as the module itself: that is the file that a person edits."""
    if not diagnostic.file:
        return None
    code = f"../{CODE}/"
    if diagnostic.file == MAIN:
        return Location(f"{stack}/{MAIN}", diagnostic.line)
    return Location(diagnostic.file.removeprefix(code), diagnostic.line)


def _held(diagnostic: Diagnostic, stack: str) -> Problem:
    fields = dict(_LOCK_FIELD.findall(diagnostic.detail))
    who = fields.get("Who", "somebody")
    since = f" since {fields['Created']}" if "Created" in fields else ""
    operation = f" for {fields['Operation']}" if "Operation" in fields else ""
    message = f"the Terraform state of {stack} is locked by {who}{operation}{since}"
    return Problem("E306", message, "wait until they are done; if they are gone, their run has to be recovered first")


def _next(command: str) -> str:
    if command == "apply":
        return "what was applied is kept; correct the cause, and the next envctl apply goes on from there"
    return "nothing was changed; correct the cause and run the command again"
