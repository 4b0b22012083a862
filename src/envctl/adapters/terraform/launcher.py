"""Start Terraform in the working directory of a stack; turn its output into events, text and errors."""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from envctl.adapters.terraform.diagnostics import killed_process, oom_kills
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter, resolve_config_paths
from envctl.adapters.terraform.environment.stray_files import list_known_files, remove_stray_files
from envctl.adapters.terraform.process import binary, json_events, stack_lock
from envctl.adapters.terraform.process.arguments import build_arguments
from envctl.adapters.terraform.process.output_lines import FileOutput, PipedOutput, ProcessOutput
from envctl.adapters.terraform.process.process import ProcessResult, run_process
from envctl.adapters.terraform.process.stack_lock import HeldLock, Site
from envctl.adapters.terraform.scheduler.process_monitor import ProcessMonitor
from envctl.adapters.terraform.state import unsaved_state
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import SESSION_VARIABLE
from envctl.usecases.ports.core import Observer
from envctl.usecases.ports.terraform import PreparedStack, ProgressEvent

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
# plans end before they reach GOMEMLIMIT.
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PARALLEL_DEFAULTS = {"GOGC": "off"}

ADDED_FLAGS_HINT = (
    "the started program adds flags to Terraform: remove them, or use another program: [terraform]"
    " binary, ENVCTL_TERRAFORM, PATH"
)
# By command: the operation in the final `change_summary` of a successful run.
_SUMMARY_OPERATIONS = {"plan": {"plan"}, "apply": {"apply", "destroy"}}

# A provider without an answer retries, at last every five minutes, without any output.
SILENCE_SECONDS = 300.0


class Launcher:
    """Run Terraform commands with the environment variables, locks and limits of their stack.

    Args:
        inherited: returns the user's environment variables, which win, by AWS profile ("" for none).
        heap_limit: GOMEMLIMIT of each process, in bytes.
        redact: applied to all text of Terraform for people.
        surroundings: removes Terraform's own variables.
    """

    def __init__(
        self,
        project: Path,
        plugins: Path,
        inherited: Callable[[str], Mapping[str, str]],
        observer: Observer,
        monitor: ProcessMonitor,
        *,
        heap_limit: int,
        patience: float = SILENCE_SECONDS,
        redact: Callable[[str], str] = str,
        surroundings: EnvironmentFilter | None = None,
    ) -> None:
        self._project = project
        self._plugins = plugins
        self._inherited = inherited
        self._observer = observer
        self._monitor = monitor
        self._heap_limit = heap_limit
        self._patience = patience
        self._redact = redact
        self._surroundings = surroundings or EnvironmentFilter(observer.on_message)
        self._environments: dict[str, dict[str, str]] = {}
        # AWS profiles without a GOGC of the user.
        self._default_gogc: set[str] = set()
        self._lock = threading.RLock()

    def build_environment(self, stack: PreparedStack) -> dict[str, str]:
        with self._lock:
            if stack.profile not in self._environments:
                inherited = self._surroundings.filter_variables(resolve_config_paths(self._inherited(stack.profile)))
                cache = cli_configuration.find_plugin_cache(inherited) or os.fspath(self._plugins)
                plugins = {"TF_PLUGIN_CACHE_DIR": cache}
                logged = {} if killed_process.LOG_VARIABLE in inherited else killed_process.PROVIDER_LOG
                limited = {}
                # A GOGC of the user and GOMEMLIMIT interact.
                if "GOGC" not in inherited:
                    limited = {"GOMEMLIMIT": f"{self._heap_limit >> 20}MiB"}
                    self._default_gogc.add(stack.profile)
                self._environments[stack.profile] = {**_DEFAULTS, **logged, **limited, **plugins, **inherited}
            return self._environments[stack.profile]

    def find_binary(self, stack: PreparedStack) -> tuple[str, ...]:
        return binary.find_binary(stack.binary, self.build_environment(stack), self._project)

    def stream_command(
        self, site: Site, event: ProgressEvent | None, command: str, *words: str, **options: bool | str
    ) -> tuple[ProcessResult, json_events.Transcript]:
        """Run a command under the lock of the stack; pass `event` at its start, then all others, to the observer."""
        line = build_arguments(self.find_binary(site.stack), command, *words, input=False, json=True, **options)
        transcript = json_events.Transcript()

        def on_line(text: str) -> None:
            if progress := json_events.record_line(text, site.stack, transcript, self._redact):
                self._observer.on_progress(replace(progress, environment=site.environment))

        def on_start() -> None:
            # Once it runs: the observer loads its libraries while Terraform loads.
            if event:
                self._observer.on_progress(replace(event, environment=site.environment))

        with stack_lock.lock_stack(site) as lock:
            result = self._run_process(
                site,
                line,
                on_line,
                # An apply must finish even if envctl dies: killed half-way, it loses new resources.
                output=FileOutput() if command == "apply" else PipedOutput(),
                lock=lock,
                on_start=on_start,
                patience=self._patience if command == "plan" else None,
            )
        self._observer.on_progress(ProgressEvent(site.stack.name, "over", environment=site.environment))
        return result, transcript

    def capture_command(
        self, site: Site, command: str, *words: str, alone: bool = False, **options: bool | str
    ) -> tuple[ProcessResult, str]:
        """Run a short command and return its output. `alone` takes the lock of the stack, for changes of the state."""
        lines: list[str] = []
        line = build_arguments(self.find_binary(site.stack), command, *words, **options)
        with stack_lock.lock_stack(site) if alone else contextlib.nullcontext() as lock:
            result = self._run_process(site, line, lines.append, lock=lock)
        return result, "".join(lines)

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
            if self._monitor.stopping.claim_notice():
                self._observer.on_message("stopping: Terraform finishes its current work, and keeps its state")

        for stray in remove_stray_files(site.directory, list_known_files(site)):
            where = os.path.relpath(site.directory / stray, self._project)
            self._observer.on_message(f"removed {where}: not written by envctl, and Terraform would have read it")
        command = line[len(self.find_binary(site.stack))]
        around, usages = self._monitor.monitor_run(site, command)
        kills = oom_kills.count_kills()
        result = run_process(
            line,
            site.directory,
            self._build_variables(site),
            on_line,
            output=output,
            lock=lock,
            inherited=site.inherited,
            stopping=self._monitor.stopping,
            around=around,
            on_start=on_start,
            on_stop=on_stop,
            patience=patience,
        )
        if result.errors:
            result = replace(result, errors=self._redact(result.errors))
        if result.code:
            text, log = killed_process.split_log(result.errors)
            starved = oom_kills.has_new_kills(kills)
            result = replace(result, errors=text, log=log, oom_killed=starved, memory=self._monitor.meter.peak)
        if usages and (result.oom_killed or not result.code):
            self._monitor.measurements.add_measurement(usages[0], planned=command == "plan" and not result.code)
        return result

    def _build_variables(self, site: Site) -> dict[str, str]:
        stack = site.stack
        secrets = {f"TF_VAR_{name}": value for name, value in stack.secrets.items()}
        session = {f"TF_VAR_{SESSION_VARIABLE}": stack.session} if stack.session else {}
        plugins = {"TF_PLUGIN_CACHE_DIR": os.fspath(site.plugins)} if site.plugins else {}
        workspace = {"TF_WORKSPACE": stack.workspace} if stack.workspace else {}
        region = dict.fromkeys(_REGION_VARIABLES, stack.region) if stack.region else {}
        usual = self.build_environment(stack)
        collected = _PARALLEL_DEFAULTS if self._monitor.is_parallel and stack.profile in self._default_gogc else {}
        return usual | collected | secrets | session | plugins | workspace | region


def check_result(result: ProcessResult, transcript: json_events.Transcript, site: Site, command: str) -> None:
    """Raise the error of a failed, interrupted or silent run."""
    unsaved = command == "apply" and unsaved_state.has_unsaved_state(site)
    if result.interrupted and not (unsaved or killed_process.is_terraform_killed(result)):
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


def check_summary(transcript: json_events.Transcript, site: Site, command: str) -> None:
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
