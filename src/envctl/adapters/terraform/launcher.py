"""Start Terraform in the working directory of a stack; turn its output into events, text and errors.

What runs and reads a process is imported late: until then, the providers of a single stack start already.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter, resolve_config_paths
from envctl.adapters.terraform.environment.variables import LOG_VARIABLE, PROVIDER_LOG
from envctl.adapters.terraform.process import binary, stack_lock
from envctl.adapters.terraform.process.arguments import Command, build_arguments, writes_state
from envctl.adapters.terraform.process.hand_over import CachedPackages, ProviderNotReadyError, RunningProviders
from envctl.adapters.terraform.process.program_finder import ProgramFinder
from envctl.adapters.terraform.process.stack_lock import HeldLock, Site
from envctl.adapters.terraform.scheduler.process_monitor import ProcessMonitor
from envctl.adapters.terraform.state import unsaved_state
from envctl.domain.command_lines import format_command
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE
from envctl.usecases.ports.terraform import PreparedStack, ProgressEvent

if TYPE_CHECKING:
    from envctl.adapters.terraform.process.json_events import Transcript
    from envctl.adapters.terraform.process.output_lines import ProcessOutput
    from envctl.adapters.terraform.process.process import ProcessResult
    from envctl.usecases.ports.core import Observer

_DEFAULTS = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    # The backend `remote` would plan on a server otherwise: what is approved there can't be compared or applied here.
    "TF_FORCE_LOCAL_BACKEND": "1",
    # Late garbage collection is fastest for a single plan. Without any, the plan waits for fresh memory.
    "GOGC": "400",
}
# With several plans at once, cores are scarce: without garbage collection a plan takes 15 to 20 % less of them. Most
# plans end before they reach GOMEMLIMIT. A warm provider lives longer than three short ones: without collection, it and
# its Terraform take 40 % more memory, and hardly less time.
_PARALLEL_DEFAULTS = {"GOGC": "off"}
# Commands that no program of the user depends on: what a provisioner of an apply starts may need all cores.
_SHARING = ("plan", "show")
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")

ADDED_FLAGS_HINT = (
    "the started program adds flags to Terraform: remove them, or use another program: [terraform]"
    " binary, ENVCTL_TERRAFORM, PATH"
)
_Result = TypeVar("_Result")
# A provider does not listen any more, or ends before it answers. Texts for people have line breaks anywhere.
_UNMET_PROVIDER = re.compile(
    r"to\s+obtain\s+schema:\s+reattachment\s+process\s+not\s+found|failed\s+to\s+retrieve\s+schema\s+from\s+provider"
)
# By command: the operation in the final `change_summary` of a successful run.
_SUMMARY_OPERATIONS = {"plan": {"plan"}, "apply": {"apply", "destroy"}}

# A provider without an answer retries, at last every five minutes, without any output.
SILENCE_SECONDS = 300.0


@dataclass(eq=False, repr=False, kw_only=True)
class Launcher:
    """Run Terraform commands with the environment variables, locks and limits of their stack.

    Args:
        inherited: returns the user's environment variables, which win, by AWS profile ("" for none).
        heap_limit: GOMEMLIMIT of each process, in bytes.
        share_cores: returns the GOMAXPROCS of each process of so many stacks side by side, or None.
        redact: applied to all text of Terraform for people.
        on_plan: called once a plan runs, to load what reads it.
        on_changes: called with the line of output that reports changes, while the plan still runs; earlier if the
            last plan had some.
        surroundings: removes Terraform's own variables.
        running: the providers that run already, for each process.
        programs: finds the program, and compares it with the pin.
        name_session: returns the name of the sessions of roles. Called for stacks that take one.
        limit: seconds without output before any command is stopped; None for no limit.
    """

    plugins: Path
    inherited: Callable[[str], Mapping[str, str]]
    observer: Observer
    monitor: ProcessMonitor
    running: RunningProviders
    programs: ProgramFinder
    heap_limit: int
    share_cores: Callable[[int], int | None]
    patience: float
    redact: Callable[[str], str]
    on_plan: Callable[[], None]
    on_changes: Callable[[Site], None]
    surroundings: EnvironmentFilter
    name_session: Callable[[], str]
    limit: float | None = None
    _environments: dict[str, dict[str, str]] = field(default_factory=dict, init=False)
    # AWS profiles without a GOGC of the user.
    _default_gogc: set[str] = field(default_factory=set, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def build_environment(self, stack: PreparedStack) -> dict[str, str]:
        with self._lock:
            if stack.profile not in self._environments:
                inherited = self.surroundings.filter_variables(resolve_config_paths(self.inherited(stack.profile)))
                cache = cli_configuration.find_plugin_cache(inherited) or os.fspath(self.plugins)
                plugins = {"TF_PLUGIN_CACHE_DIR": cache}
                logged = {} if LOG_VARIABLE in inherited else PROVIDER_LOG
                limited = {}
                # A GOGC of the user and GOMEMLIMIT interact.
                if "GOGC" not in inherited:
                    limited = {"GOMEMLIMIT": f"{self.heap_limit >> 20}MiB"}
                    self._default_gogc.add(stack.profile)
                self._environments[stack.profile] = {**_DEFAULTS, **logged, **limited, **plugins, **inherited}
            return self._environments[stack.profile]

    def find_binary(self, stack: PreparedStack) -> tuple[str, ...]:
        return self.programs.find_binary(stack.binary, self.build_environment(stack))

    def prepare_providers(self, site: Site, packages: CachedPackages) -> bool:
        """Compare packages with the lock for an init, and start the likely ones; see RunningProviders."""
        program, variables = self.find_binary(site.stack), self._build_variables(site)
        if self.monitor.is_parallel:
            # All cores are at work, and the plan of this stack may be far away.
            packages = replace(packages, likely=())
        return self.running.prepare_stack(site, program, variables, packages)

    def start_providers(self, site: Site) -> None:
        """Start the providers of an initialized stack, and do not wait for them."""
        self.running.start_early(site, self.find_binary(site.stack), self._build_variables(site, "plan"))

    def stream_command(
        self, site: Site, event: ProgressEvent | None, command: Command, *words: str, **options: bool | str
    ) -> tuple[ProcessResult, Transcript]:
        """Run a command under the lock of the stack; pass `event` at its start, then all others, to the observer."""
        line = build_arguments(self.find_binary(site.stack), command, *words, input=False, json=True, **options)
        result, transcript = _run_when_ready(lambda: self._stream_line(site, event, command, line))
        self.observer.on_progress(ProgressEvent(site.stack.name, "over", environment=site.environment))
        if transcript.version and not binary.is_embedded(line):
            self.running.record_program(Path(line[0]), transcript.version)
        return result, transcript

    def _stream_line(
        self, site: Site, event: ProgressEvent | None, command: str, line: list[str]
    ) -> tuple[ProcessResult, Transcript]:
        from envctl.adapters.terraform.process.json_events import Transcript, record_line
        from envctl.adapters.terraform.process.output_lines import FileOutput, PipedOutput

        transcript = Transcript()
        had_changes = command == "plan" and self.monitor.measurements.had_changes(site.unit)

        def on_line(text: str) -> None:
            if progress := record_line(text, site.stack, transcript, self.redact):
                self.observer.on_progress(replace(progress, environment=site.environment))
            if command == "plan":
                self._follow_plan(site, transcript, had_changes=had_changes)

        def on_start() -> None:
            # Once it runs: what shows and reads its results is loaded while Terraform loads.
            if command == "plan":
                self.on_plan()
            if event:
                self.observer.on_progress(replace(event, environment=site.environment))

        with stack_lock.lock_stack(site) as lock:
            result = self._run_process(
                site,
                line,
                on_line,
                # An apply must finish even if envctl dies: killed half-way, it loses new resources.
                output=FileOutput() if command == "apply" else PipedOutput(),
                lock=lock,
                on_start=on_start,
                patience=self.patience if command == "plan" else None,
            )
        if not transcript.has_begun:
            self._require_providers_met(site, result, transcript)
        if command in ("plan", "apply") and not result.code:
            changed = command == "plan" and transcript.has_content
            self.monitor.measurements.record_changes(site.unit, changed=changed)
        return result, transcript

    def _follow_plan(self, site: Site, transcript: Transcript, *, had_changes: bool) -> None:
        if transcript.is_settled:
            # Nothing asks its providers any more. They end while Terraform does.
            self.running.release_stack(site)
        if transcript.has_content or had_changes:
            # The last plan had some, so this one probably has, too: what follows is done beside Terraform.
            self.on_changes(site)

    def capture_command(
        self, site: Site, command: Command, *words: str, alone: bool = False, **options: bool | str
    ) -> tuple[ProcessResult, str]:
        """Run a short command and return its output. `alone` takes the lock of the stack, for changes of the state."""
        line = build_arguments(self.find_binary(site.stack), command, *words, **options)

        def run() -> tuple[ProcessResult, str]:
            with stack_lock.lock_stack(site) if alone else contextlib.nullcontext() as lock:
                return self._capture_line(site, line, lock=lock)

        return _run_when_ready(run)

    def show_plan(
        self, site: Site, path: str, on_start: Callable[[], None], *, is_last: bool = False
    ) -> tuple[ProcessResult, str]:
        """Return the JSON document of a saved plan.

        Args:
            on_start: called once Terraform runs.
            is_last: no command for this stack follows, so its providers end while Terraform does.
        """
        line = build_arguments(self.find_binary(site.stack), "show", path, json=True, no_color=True)

        def on_output() -> None:
            if is_last:
                self.running.release_stack(site)

        return _run_when_ready(
            lambda: self._capture_line(site, line, lock=None, on_start=on_start, on_output=on_output)
        )

    def _capture_line(
        self,
        site: Site,
        line: list[str],
        *,
        lock: HeldLock | None,
        on_start: Callable[[], None] = lambda: None,
        on_output: Callable[[], None] = lambda: None,
    ) -> tuple[ProcessResult, str]:
        from envctl.adapters.terraform.process.json_events import Transcript

        lines: list[str] = []

        def on_line(text: str) -> None:
            lines.append(text)
            on_output()

        result = self._run_process(site, line, on_line, lock=lock, on_start=on_start)
        self._require_providers_met(site, result, Transcript())
        return result, "".join(lines)

    def _require_providers_met(self, site: Site, result: ProcessResult, transcript: Transcript) -> None:
        """Raise ProviderNotReadyError if a warm provider ended before Terraform had its schema.

        Terraform needs all schemas first: it has changed nothing then.
        """
        texts = (result.errors, *(each.text for each in transcript.errors))
        if result.was_warm and not result.interrupted and any(map(_UNMET_PROVIDER.search, texts)):
            raise ProviderNotReadyError(self.running.leave_unused(site))

    def _run_process(
        self,
        site: Site,
        line: list[str],
        on_line: Callable[[str], None],
        *,
        lock: HeldLock | None,
        output: ProcessOutput | None = None,
        on_start: Callable[[], None] = lambda: None,
        patience: float | None = None,
    ) -> ProcessResult:
        def on_stop() -> None:
            if self.monitor.stopping.claim_notice():
                self.observer.on_message("stopping: applies finish their current work; all else ends within 5 seconds")

        from envctl.adapters.terraform.diagnostics import oom_kills
        from envctl.adapters.terraform.environment.stray_files import list_known_files, remove_stray_files
        from envctl.adapters.terraform.process.process import run_process

        for stray in remove_stray_files(site.directory, list_known_files(site)):
            self.observer.on_message(
                f"removed {site.directory / stray}: not written by envctl, and Terraform would have read it"
            )
        program = self.find_binary(site.stack)
        command = line[len(program)]
        variables = self._build_variables(site, command)
        kills = oom_kills.count_kills()
        # How a Terraform that starts its own providers collects garbage.
        is_ours = self.monitor.is_parallel and site.stack.profile in self._default_gogc
        collection = _PARALLEL_DEFAULTS if is_ours else {}
        with self.running.hand_over(site, command, program, variables) as given:
            around, usages = self.monitor.monitor_run(site, command, given.processes)
            result = run_process(
                [*line, *given.words],
                site.directory,
                {**variables, **(given.variables or collection), "PWD": os.fspath(site.directory)},
                on_line,
                writes=writes_state(line[len(program) :]),
                output=output,
                lock=lock,
                inherited=(*site.inherited, *given.descriptors),
                stopping=self.monitor.stopping,
                around=around,
                on_start=lambda: _call_all(given.on_start, on_start),
                on_stop=on_stop,
                patience=patience or self.limit,
                program=self.programs.find_descriptor(program),
            )
            if result.code:
                result = self.running.explain_failure(site, result)
        if result.errors:
            result = replace(result, errors=self.redact(result.errors))
        if result.code:
            from envctl.adapters.terraform.diagnostics.killed_process import split_log

            text, log = split_log(result.errors)
            starved = oom_kills.has_new_kills(kills)
            peak, was_warm = self.monitor.meter.peak, bool(given.processes)
            result = replace(result, errors=text, log=log, oom_killed=starved, memory=peak, was_warm=was_warm)
        if usages and (result.oom_killed or not result.code):
            self.monitor.measurements.add_measurement(usages[0], planned=command == "plan" and not result.code)
        return result

    def find_session(self, site: Site) -> str:
        """Return the name for the sessions of roles of a stack; empty without a role."""
        from envctl.adapters.terraform.process.rendered_documents import takes_session

        return self.name_session() if takes_session(site) else ""

    def _build_variables(self, site: Site, command: str = "") -> dict[str, str]:
        stack = site.stack
        cores = self.share_cores(self.monitor.units) if command in _SHARING else None
        tuned = {} if cores is None else {"GOMAXPROCS": str(cores)}
        secrets = {f"TF_VAR_{name}": value for name, value in stack.secrets.items()}
        name = self.find_session(site)
        session = {f"TF_VAR_{SESSION_VARIABLE}": name} if name else {}
        plugins = {"TF_PLUGIN_CACHE_DIR": os.fspath(site.plugins)} if site.plugins else {}
        workspace = {"TF_WORKSPACE": stack.workspace} if stack.workspace else {}
        region = dict.fromkeys(_REGION_VARIABLES, stack.region) if stack.region else {}
        usual = self.build_environment(stack)
        return tuned | usual | secrets | session | plugins | workspace | region


def _run_when_ready(run: Callable[[], _Result]) -> _Result:
    """Run Terraform, and once more if a warm provider was not ready: this time, Terraform starts its providers."""
    try:
        return run()
    except ProviderNotReadyError:
        return run()


def _call_all(*calls: Callable[[], None]) -> None:
    for call in calls:
        call()


def check_result(
    result: ProcessResult, transcript: Transcript, site: Site, command: str, *, left_lock: str = ""
) -> None:
    """Raise the error of a failed, interrupted or silent run. `left_lock` says which lock a killed one left."""
    unsaved = command == "apply" and unsaved_state.has_unsaved_state(site)
    if result.killed:
        message = f"interrupted: Terraform did not stop {command} of {site.stack.name} in time, and was killed"
        hint = "nothing was changed: run the command again"
        if left_lock:
            hint = f"nothing was changed. See the lock, and break it: {format_command('recover', site.environment)}"
        problem = Problem("E311", f"{message}; {left_lock}".removesuffix("; "), hint, stack=site.stack.name)
        raise InterruptedByUserError(problem)
    if result.interrupted:
        from envctl.adapters.terraform.diagnostics.killed_process import is_terraform_killed

        if not (unsaved or is_terraform_killed(result)):
            message = f"interrupted: Terraform stopped {command} of {site.stack.name} cleanly and kept its state"
            hint = "the next run continues from the current state"
            raise InterruptedByUserError(Problem("E311", message, hint, stack=site.stack.name))
    if result.silent:
        message = f"{site.stack.name}: no response: {command} of Terraform gave no output for too long"
        hint = "check the network, the proxy, the region and the account; nothing was changed"
        raise OperationFailedError(Problem("E325", message, hint, stack=site.stack.name))
    if result.code:
        from envctl.adapters.terraform.diagnostics.failures import to_terraform_error

        raise to_terraform_error(result, transcript, site, command)


def check_summary(transcript: Transcript, site: Site, command: str) -> None:
    """Raise OperationFailedError after a plan or apply without summary (E354) or on another state file (E369)."""
    # Without its summary, a run would count as one without changes.
    if transcript.summarized.isdisjoint(_SUMMARY_OPERATIONS[command]):
        message = f"terraform {command} of {site.stack.name} ended without a report"
        hint = (
            "the started program may not be Terraform, or may hide its output: [terraform] binary,"
            " ENVCTL_TERRAFORM, PATH"
        )
        raise OperationFailedError(Problem("E354", message, hint, stack=site.stack.name))
    if transcript.has_state_flag:
        message = f"terraform {command} of {site.stack.name} used another file for its state (-state)"
        raise OperationFailedError(Problem("E369", message, ADDED_FLAGS_HINT, stack=site.stack.name))
