"""Failures of Terraform, as problems with a hint."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from posixpath import normpath

from envctl.adapters.disk.files import read_text
from envctl.adapters.terraform.diagnostics import existing_resources, full_disk, killed_process, old_terraform
from envctl.adapters.terraform.diagnostics.causes import DENIED, EXPIRED, SSO_LOGIN, UPSTREAM_GONE, find_cause
from envctl.adapters.terraform.process import disk_errors
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state import state_lock, unsaved_state
from envctl.domain.command_lines import format_command
from envctl.domain.errors import (
    EnvctlError,
    Location,
    MisconfiguredMachineError,
    OperationFailedError,
    Problem,
    UpstreamBehindError,
)
from envctl.domain.plan.changes import ResourceChange
from envctl.domain.plan.import_ids import ALREADY_EXISTS
from envctl.domain.terraform.bundle_paths import to_project_path
from envctl.domain.terraform.workdir_names import CODE_FOLDER, GENERATED_FILES, ROOT_MODULE_FILE, SETTINGS_FILE

OLD_TERRAFORM = "E357"
_HANDLED_SUMMARIES = ("Failed to create local state file", "Failed to persist state to backend")
# Within a module. Those of the root module are rendered with the role of the environment.
_REMOTE_STATE = ".data.terraform_remote_state."
_INPUTS_HINT = (
    "a module reads that state with the credentials of the envctl user or its own role, not with the"
    " role of the environment: to read another stack, use [stacks.STACK] inputs in envctl.toml"
)
_STATE_HINT = (
    "the role for the states of this environment may not read that state: compare its place with [state]; if it belongs"
    " to another environment, and that is meant, let the role read it"
)
_CODE = f"../{CODE_FOLDER}/"
_CODE_PATH = re.compile(rf"{re.escape(_CODE)}[^\s\"':,;()]+")
# A file of code with a line, in the text of a diagnostic.
_CODE_LINE = re.compile(r"(?<![\w./-])(?:\.\.?/)*[\w-][\w./-]*\.(?:tf|tofu)(?:\.json)?(?=:\d)")
_ERROR_TEXT = re.compile(r"\A\s*Error: ([^\n]+)\n(.*)\Z", re.DOTALL)
_READS = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs")


def to_terraform_error(ended: ProcessResult, transcript: Transcript, site: Site, command: str) -> EnvctlError:
    for diagnostic in transcript.errors or _parse_text_error(ended):
        if locked := state_lock.parse_lock_error(diagnostic, site):
            return locked
    # An apply has loaded its code: then another error counts.
    if command != "apply" and (old := _list_version_problems(ended, transcript, site)):
        return MisconfiguredMachineError(*old)
    planned = transcript.planned_changes if command == "apply" else ()
    problems = [_to_problem(each, site, command, planned) for each in _select_diagnostics(ended, transcript)]
    # Terraform reports a full disk once each for the plan, the state and its backup.
    full = [problem for problem in problems if problem.code == disk_errors.FULL_DISK_CODE]
    problems = [problem for problem in problems if problem not in full[1:]]
    if kill := killed_process.describe_kill(ended, transcript, site, command):
        problems.insert(0, kill)
    if not problems:
        text = (ended.errors or "".join(transcript.plain_lines)).strip() or f"it ended with code {ended.code}"
        code, hint = _find_code_and_hint(text, site, command)
        if command == "init" and code == "E305":
            # A Terraform that is too old does not know the options of init, for example.
            hint = f"check Terraform and its version: {format_command('doctor')}; nothing was changed"
        message = f"terraform {command} of {site.stack.name} failed: {text}"
        problems = [Problem(code, message, hint, stack=site.stack.name)]
    if command == "plan" and (behind := _find_upstream_error(transcript, site, problems)):
        return behind
    if command == "apply" and unsaved_state.has_unsaved_state(site):
        problems.insert(0, unsaved_state.describe_unsaved_state(site))
    return OperationFailedError(*problems)


def _list_version_problems(ended: ProcessResult, transcript: Transcript, site: Site) -> list[Problem]:
    """Return what needs another version of Terraform, each once. Other errors of the code may follow from it."""
    stack, version = site.stack.name, transcript.version
    hint = (
        "use a matching version: its path is [terraform] binary in envctl.toml, or ENVCTL_TERRAFORM;"
        f" {format_command('doctor')} shows the one in use; nothing was changed"
    )
    if need := old_terraform.describe_old_init(ended.errors, version):
        return [Problem(OLD_TERRAFORM, f"envctl {need}", hint, stack=stack)]
    needs = dict[str, Diagnostic]()
    for each in transcript.errors:
        if need := old_terraform.describe_need(each, version):
            needs.setdefault(need, each)
    return [
        Problem(OLD_TERRAFORM, f"{stack} {need}", hint, _find_location(each, site), stack)
        for need, each in needs.items()
    ]


def _select_diagnostics(ended: ProcessResult, transcript: Transcript) -> list[Diagnostic]:
    errors = (
        killed_process.list_other_diagnostics(transcript.errors)
        if killed_process.describe_victim(ended, transcript)
        else transcript.errors
    )
    # Ignore Terraform's advice on a state it could not write: envctl has saved that state already.
    return [each for each in errors if transcript.dumped_state is None or each.summary not in _HANDLED_SUMMARIES]


def is_upstream_missing(error: EnvctlError) -> bool:
    """Return whether all problems come from a missing upstream state, or from missing outputs in it."""
    return isinstance(error, UpstreamBehindError) or all(problem.code == UPSTREAM_GONE for problem in error.problems)


def _parse_text_error(ended: ProcessResult) -> list[Diagnostic]:
    """Parse the error of a command without `-json`."""
    match = _ERROR_TEXT.match(ended.errors)
    return [Diagnostic(severity="error", summary=match[1], detail=match[2])] if match else []


def _to_problem(diagnostic: Diagnostic, site: Site, command: str, planned: Sequence[ResourceChange]) -> Problem:
    stack = site.stack.name
    # Summaries of the AWS provider may have several lines.
    summary, _, more = diagnostic.summary.strip().partition("\n")
    address = diagnostic.address.removeprefix(site.stack.address_prefix)
    message = f"{stack}: {summary}" + (f" ({address})" if address else "")
    for detail in (more.strip(), diagnostic.detail.strip()):
        message += f"\n{_name_project_files(detail, site)}" if detail else ""
    if (change := existing_resources.find_existing(diagnostic, planned, site.stack)) is not None:
        code = ALREADY_EXISTS
        hint = existing_resources.suggest_import(change, site.stack, site.environment)
    else:
        code, hint = _find_code_and_hint(diagnostic.text, site, command)
        if code == DENIED and _REMOTE_STATE in diagnostic.address:
            hint = _INPUTS_HINT
        elif code == DENIED and f".{diagnostic.address}".startswith(_REMOTE_STATE):
            hint = _STATE_HINT
    return Problem(code, message, hint, _find_location(diagnostic, site), stack, address)


def _find_code_and_hint(text: str, site: Site, command: str) -> tuple[str, str]:
    cause = find_cause(text)
    if cause is None:
        if command == "apply":
            return "E305", "applied changes are kept; correct the cause, and the same command continues"
        return "E305", "nothing was changed; correct the cause and run the command again"
    if cause.code == EXPIRED and site.stack.profile:
        option = f" --profile {shlex.quote(site.stack.profile)}"
        return EXPIRED, cause.hint.replace(SSO_LOGIN, SSO_LOGIN + option)
    is_disk_full = cause.code == disk_errors.FULL_DISK_CODE
    return cause.code, full_disk.suggest_making_room(text, site.directory) if is_disk_full else cause.hint


def _find_location(diagnostic: Diagnostic, site: Site) -> Location | None:
    """Return the file to edit: a module, not its copy in the release; the project file, not its rendered root."""
    if not diagnostic.file:
        return None
    if diagnostic.file in (GENERATED_FILES if site.stack.root else (ROOT_MODULE_FILE,)):
        # Imported late: few failures are about a generated file.
        from envctl.adapters.terraform.diagnostics.generated_lines import find_key_path

        path = find_key_path(site, diagnostic.file, diagnostic.line) if diagnostic.line else ()
        if diagnostic.file == SETTINGS_FILE:
            # The arguments of a module have the same lines behind them.
            path = ("module", site.stack.name, *path)
        elif path[:1] == ("provider",) and len(path) > 1:
            path = ("provider", site.stack.name, *path[1:])
        elif path[:2] == ("terraform", "backend"):
            path = ("backend", site.stack.name, *path[2:])
        source = site.locate(site.environment, path) if diagnostic.line else None
        return source or Location(f"{site.stack.name}/{diagnostic.file}", diagnostic.line)
    return Location(find_project_path(diagnostic.file, site), diagnostic.line)


def find_project_path(file: str, site: Site) -> str:
    """Return the path of a file in the project, from its path in the folder where Terraform runs."""
    base = site.stack.base
    if not site.stack.root:
        return to_project_path(base, file.removeprefix(_CODE)) if file.startswith(_CODE) else file
    path = normpath(f"{site.stack.root}/{file}")
    return file if path.startswith("..") else to_project_path(base, path)


def _name_project_files(text: str, site: Site) -> str:
    """Return the text with files called as in the project."""
    if not site.stack.root:
        return _CODE_PATH.sub(lambda path: find_project_path(path[0], site), text)
    return _CODE_LINE.sub(lambda file: find_project_path(file[0], site), text)


def _find_upstream_error(transcript: Transcript, site: Site, problems: list[Problem]) -> UpstreamBehindError | None:
    """Return the error if all problems come from reading other stacks; None otherwise."""
    found = [_find_read_stacks(diagnostic, site) for diagnostic in transcript.errors]
    if not found or not all(found):
        return None
    stacks = tuple(dict.fromkeys(name for names in found for name in names))
    hint = f"if {' and '.join(stacks)} will have this output, deploy it first, or together: --with-upstream"
    return UpstreamBehindError(stacks, *(replace(each, hint=hint) for each in problems))


def _find_read_stacks(diagnostic: Diagnostic, site: Site) -> list[str]:
    if site.stack.root or diagnostic.file != ROOT_MODULE_FILE or diagnostic.line is None:
        return []
    lines = read_text(site.directory / ROOT_MODULE_FILE).splitlines()
    return _READS.findall(lines[diagnostic.line - 1]) if diagnostic.line <= len(lines) else []
