"""The Terraform port: runs Terraform in the working directories written by a Workspace."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
from envctl.adapters.terraform.launcher import SILENCE_SECONDS, Launcher, check_result, check_summary
from envctl.adapters.terraform.plans.plan_files import COMPARISON_FILES, PLAN_FILE, PlanFile, PlanFiles, inherit_plan
from envctl.adapters.terraform.process import stack_lock
from envctl.adapters.terraform.process.program_finder import ProgramFinder
from envctl.adapters.terraform.process.signal_forwarding import SignalForwarder
from envctl.adapters.terraform.process.stack_lock import Locator, Site
from envctl.adapters.terraform.scheduler.capacity import (
    UNLIMITED,
    Limits,
    Usage,
    choose_heap_limit,
    count_usual_units,
    share_cores,
)
from envctl.adapters.terraform.scheduler.machine import detect_machine
from envctl.adapters.terraform.scheduler.process_monitor import ProcessMonitor
from envctl.adapters.terraform.state import local_state, unsaved_state
from envctl.adapters.terraform.state.known_outputs import KnownOutputs
from envctl.adapters.terraform.warm.checked_stacks import CheckedStacks
from envctl.adapters.terraform.warm.warm_providers import WarmProviders
from envctl.domain.errors import EnvctlError, OperationFailedError, StateLockedError
from envctl.domain.terraform.workdir_names import INIT_STAMP, MOVING_STATE, PLAN_FILES, UNSAVED_STATE, join_workdir
from envctl.usecases.ports import terraform as ports
from envctl.usecases.ports.terraform import PreparedStack, ProgressEvent

if TYPE_CHECKING:
    from envctl.adapters.terraform.init.init_runner import InitRunner
    from envctl.adapters.terraform.plans.plan_reader import PlanReader
    from envctl.adapters.terraform.process.arguments import Command
    from envctl.adapters.terraform.process.json_events import Transcript
    from envctl.adapters.terraform.process.process import ProcessResult
    from envctl.adapters.terraform.scheduler.worker_pool import WorkerPool
    from envctl.domain.plan.changes import ResourceChange, StackPlan
    from envctl.domain.plan.drift import StackComparison
    from envctl.domain.plan.forecasts import ForecastOutputs
    from envctl.domain.terraform.outputs import Output, StackInput
    from envctl.usecases.ports.core import Observer

# Another plan locks the state for some seconds. A deployment under way waits longer for it.
PLAN_LOCK_TIMEOUT, APPLY_LOCK_TIMEOUT = "5s", "120s"
_RECENT_SECONDS = 10.0
# Of silence, after which a command that releases a lock is interrupted, and killed after as many more.
UNLOCK_SECONDS = 2.5
_RETRY_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

ABSENT_ADDRESS = "terraform_data.envctl_asks_for_the_lock"


class TerraformDriver:
    """Run Terraform for the stacks of a project.

    Args:
        home: the folder `.envctl` of the project.
        find_work: returns the folder of all environments; by default one in `home`.
        inherited: returns the user's environment variables by AWS profile ("" for none).
        patience: seconds without output before a plan is stopped.
        secrecy: receives the sensitive values in states and plans.
        locate: returns the line in the project file of a rendered value.
        warm: whether Terraform may get providers that run already.
        programs: finds the program; by default, none is pinned.
        name_session: returns the name of the sessions of roles.
    """

    def __init__(
        self,
        project: Path,
        home: Path,
        inherited: Callable[[str], Mapping[str, str]],
        observer: Observer,
        *,
        find_work: Callable[[], Path] | None = None,
        limits: Limits = UNLIMITED,
        trace: ports.Tracer = ports.NO_TRACE,
        patience: float = SILENCE_SECONDS,
        secrecy: ports.MessageRedactor = ports.NullRedactor(),  # noqa: B008 (it holds nothing)
        surroundings: EnvironmentFilter | None = None,
        locate: Locator = lambda _, __: None,
        warm: bool = True,
        programs: ProgramFinder | None = None,
        name_session: Callable[[], str] = str,
    ) -> None:
        self._locate = locate
        self._secrecy = secrecy
        self._find_work = find_work or (lambda: home / "work")
        self._limits = limits
        self._machine = detect_machine()
        self._max_running, self._open_pools, self._pools_lock = 0, 0, threading.Lock()
        self._monitor = ProcessMonitor(home / "cache", trace)
        stopping = self._monitor.stopping
        self._warm = WarmProviders(
            home / "cache",
            trace,
            self._monitor.meter,
            count_usual_units(self._machine, limits),
            lambda: stopping.stop_requested,
            is_enabled=warm,
        )
        self._launcher = Launcher(
            plugins=home / "cache" / "plugins",
            inherited=inherited,
            observer=observer,
            monitor=self._monitor,
            running=self._warm,
            programs=programs or ProgramFinder(project, lambda: None, self._warm.hash_file),
            heap_limit=choose_heap_limit(self._machine, limits),
            share_cores=partial(share_cores, self._machine, limits),
            patience=patience,
            redact=secrecy.redact_message,
            on_plan=_load_plan_reader,
            on_changes=lambda site: self._on_changes.pop(site.directory, ports.ignore_changes)(),
            surroundings=surroundings or EnvironmentFilter(observer.on_message),
            name_session=name_session,
        )
        self._plugins = home / "cache" / "plugins"
        self._observer = observer
        self._plans = PlanFiles()
        self._checked_stacks = CheckedStacks(home / "cache" / "checked.json")
        self._embedded: ports.InstalledTerraform | None = None
        self._planned_changes: dict[Path, tuple[ResourceChange, ...]] = {}
        self._known_outputs = KnownOutputs()
        # By directory of the stack: what a running plan calls at its first change.
        self._on_changes: dict[Path, Callable[[], None]] = {}

    @contextmanager
    def _call_at_changes(self, site: Site, on_changes: Callable[[], None]) -> Iterator[None]:
        self._on_changes[site.directory] = on_changes
        try:
            yield
        finally:
            self._on_changes.pop(site.directory, None)

    @cached_property
    def _reader(self) -> PlanReader:
        from envctl.adapters.terraform.plans.plan_reader import PlanReader

        return PlanReader(self._plans, self._launcher, self._secrecy)

    @cached_property
    def _init_runner(self) -> InitRunner:
        # Imported late, like everything that a plan of an initialized stack does not need: it costs 1 % of that plan.
        from envctl.adapters.terraform.init.init_runner import InitRunner

        return InitRunner(
            self._launcher, self._plugins, self._observer, self._monitor.stopping, self._warm.hash_package
        )

    def detect_version(self, binary: str) -> ports.InstalledTerraform:
        from envctl.adapters.terraform import installed_version

        # The embedded one can't be replaced meanwhile.
        if self._embedded is not None:
            return self._embedded
        found = installed_version.detect_version(self._launcher, PreparedStack("", binary=binary))
        self._embedded = found if found.program == installed_version.EMBEDDED else None
        return found

    def find_provider_source(self, providers: Mapping[str, str], *, knock: bool) -> ports.ProviderSource:
        from envctl.adapters.terraform.init import provider_source

        return provider_source.find_source(self._launcher.build_environment(PreparedStack("")), providers, knock=knock)

    def find_unpinned_providers(self) -> tuple[ports.UnpinnedProvider, ...]:
        from envctl.adapters.terraform.environment.provider_overrides import find_overrides

        return find_overrides(self._launcher.build_environment(PreparedStack("")))

    def expect_plan(self, environment: str, stack: PreparedStack) -> None:
        self._launcher.start_providers(self._build_site(environment, stack))

    def expect_checks(self, environments: Sequence[str]) -> None:
        self._monitor.units = len(environments)
        for environment in environments:
            stack = self._checked_stacks.find_single(environment)
            if stack is not None:
                # The check reports an error.
                with suppress(EnvctlError):
                    self._launcher.start_providers(self._build_site(environment, stack))

    def expect_refresh(self, environment: str, stack: PreparedStack) -> None:
        self._warm.expect_refresh(self._build_site(environment, stack))

    def explain_provider_start(self, environment: str, stack: PreparedStack) -> str | None:
        from envctl.adapters.terraform.init.init_stamp import find_initialized_site

        site = find_initialized_site(self._build_site(environment, replace(stack, root="")))
        if site is None:
            return None
        variables = self._launcher.build_environment(stack)
        return self._warm.explain_start(site, self._launcher.find_binary(stack), variables)

    def check_backend(self, binary: str, kind: str, keys: Mapping[str, object]) -> tuple[ports.BackendMistake, ...]:
        from envctl.adapters.terraform.init import backend_check

        stack = PreparedStack("", binary=binary)
        environment, cache = self._launcher.build_environment(stack), self._plugins.parent / "backends"
        program = self._launcher.find_binary(stack)
        descriptor = self._launcher.programs.find_descriptor(program)
        return backend_check.check_backend(program, environment, cache, kind, keys, descriptor=descriptor)

    @contextmanager
    def open_worker_pool(self) -> Iterator[WorkerPool]:
        from envctl.adapters.terraform.scheduler.worker_pool import WorkerPool

        crew = WorkerPool(self._machine, self._limits, self._monitor)
        self._count_pool(1)
        try:
            with crew.accept_jobs():
                yield crew
        finally:
            # A pool may be opened while the jobs of another one are running: a drift check prepares environments so.
            if not self._count_pool(-1):
                self._warm.end_unkept()
            self._max_running = max(self._max_running, crew.max_running)
            self._monitor.measurements.save()

    def _count_pool(self, change: int) -> int:
        with self._pools_lock:
            self._open_pools += change
            return self._open_pools

    def is_stopping(self) -> bool:
        return self._monitor.stopping.stop_requested

    def report_usage(self) -> Usage | None:
        """Return the peak usage of all runs so far, or None before the first one."""
        return Usage(self._max_running, self._monitor.meter.peak) if self._max_running else None

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        self._init_runner.ensure_initialized(self._build_site(environment, stack), provider_lock)

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> ports.HashedProviders:
        from envctl.adapters.terraform.init import provider_lock as lock_builder

        site = self._build_site(environment, stack)
        return lock_builder.lock_providers(self._launcher, site, provider_lock, platforms)

    def require_idle(self, environment: str, stack: PreparedStack) -> None:
        stack_lock.require_idle(self._build_site(environment, stack))

    def plan(
        self,
        environment: str,
        stack: PreparedStack,
        *,
        destroy: bool = False,
        locking: ports.PlanLocking = "wait",
        on_changes: Callable[[], None] = ports.ignore_changes,
    ) -> StackPlan:
        site = self._build_site(environment, stack)
        mode: dict[str, bool | str] = {"destroy": True} if destroy else {}
        mode |= {"lock": False} if locking == "none" else {}
        run_plan = self._plan_after_others if locking == "wait" else self._run_plan
        with self._end_providers_on_error(site), self._call_at_changes(site, on_changes):
            try:
                transcript = run_plan(self._read_inputs(site), PLAN_FILE, **mode)
            except OperationFailedError as error:
                from envctl.adapters.terraform.diagnostics.failures import is_upstream_missing

                if not (destroy and is_upstream_missing(error)):
                    raise
                # A destroyed resource need not be refreshed, least of all from a missing state.
                transcript = run_plan(_empty_inputs(site), PLAN_FILE, refresh=False, **mode)
            if not transcript.has_content:
                from envctl.domain.plan.changes import StackPlan

                self.delete_plan(environment, stack)
                # In a destroy plan, a lost state looks like an empty one.
                lost, held = destroy and transcript.stateless, len(transcript.refreshed)
                return StackPlan(stack.name, warnings=transcript.warnings, stateless=lost, in_state=held)
            # A plan without the lock of the state is never applied.
            plan = self._reader.read_plan(site, transcript.warnings, is_last=locking == "none")
        self._planned_changes[site.directory] = plan.resources
        if locking == "none":
            self._warm.end_stack(site)
        else:
            self._warm.keep_stack(site)
        return plan

    def forecast(self, environment: str, stack: PreparedStack, outputs: ForecastOutputs) -> StackPlan:
        from envctl.adapters.terraform.forecast import write_forecast
        from envctl.domain.release.rendering.forecast_root import FORECAST_ADDRESS

        applied = tuple(each for each in stack.inputs if each.stack not in outputs)
        site = self._read_inputs(self._build_site(environment, replace(stack, inputs=applied)))
        site = replace(site, stack=replace(site.stack, inputs=stack.inputs))
        with write_forecast(site, outputs) as there:
            try:
                transcript = self._run_plan(there, PLAN_FILE, lock=False)
                plan = self._reader.read_plan(there, transcript.warnings, is_last=True)
            finally:
                # They run in a folder that goes now.
                self._warm.end_stack(there)
                self._plans.delete_files(there, PLAN_FILE)
        return replace(plan, resources=tuple(each for each in plan.resources if each.address != FORECAST_ADDRESS))

    def refresh_state(self, environment: str, stack: PreparedStack) -> None:
        site = self._read_inputs(self._build_site(environment, stack))
        event = ProgressEvent(stack.name, "refresh")
        try:
            self._run_apply(site, event, None, refresh_only=True, auto_approve=True, lock_timeout=APPLY_LOCK_TIMEOUT)
        finally:
            self._warm.end_stack(site)

    def detect_drift(
        self, environment: str, stack: PreparedStack, *, unchanged: bool, locked: bool = False
    ) -> StackComparison:
        from envctl.adapters.terraform.plans import drift_and_pending
        from envctl.adapters.terraform.plans.plan_reader import redact_stack_plan

        self._checked_stacks.record(environment, stack)
        site = self._read_inputs(self._build_site(environment, stack))
        run_plan = partial(self._plan_after_others, site) if locked else partial(self._run_plan, site, lock=False)
        documents = list[dict[str, Any]]()

        def show_plan(file: str) -> dict[str, Any]:
            documents.append(self._reader.read_document(site, file))
            return documents[-1]

        try:
            found = drift_and_pending.separate_drift_from_pending(stack, run_plan, show_plan, unchanged=unchanged)
            drift, pending = (redact_stack_plan(each, *documents) for each in (found.drift, found.pending))
            return replace(found, drift=drift, pending=pending)
        finally:
            self._plans.delete_files(site, *COMPARISON_FILES)
            self._warm.end_stack(site)

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        from envctl.adapters.terraform.state.written_state import is_state_written

        pulled = self._capture_output(self._build_site(environment, stack), "state pull")
        return is_state_written(pulled, stack.workspace)

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        site = self._build_site(environment, stack)
        unsaved_state.require_no_unsaved(site)
        output = self._capture_output(site, "state pull")
        from envctl.adapters.terraform.state.written_state import is_state_written

        return output.encode() if is_state_written(output) else b""

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        from envctl.adapters.disk.files import write_private

        site = self._build_site(environment, stack)
        local_state.create_state_file(site)
        file = site.directory / MOVING_STATE
        write_private(file, state)
        try:
            self._capture_output(site, "state push", MOVING_STATE, alone=True)
        finally:
            file.unlink(missing_ok=True)

    def read_outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:
        site = self._build_site(environment, stack)
        unsaved_state.require_no_unsaved(site)
        # A Terraform at work there may have written half of them.
        stack_lock.require_idle(site)
        return self._load_outputs(site)

    def read_current_outputs(
        self, environment: str, stack: PreparedStack, *, recent: bool = False
    ) -> Mapping[str, Output]:
        """Return the outputs for another stack of the same command, which may plan this one meanwhile. They are read
        once, and once more after each change of the state by this command. `recent` finds changes by others, too, but
        for those of the last seconds: none can be told from a change that comes right after the read.
        """
        site = self._build_site(environment, stack)
        max_age = _RECENT_SECONDS if recent else None
        return self._known_outputs.read(site.directory, partial(self._load_outputs, site), max_age=max_age)

    def _load_outputs(self, site: Site) -> Mapping[str, Output]:
        from envctl.domain.terraform.outputs import Output

        local_state.check_state_file(site)
        document = json.loads(self._capture_output(site, "output", json=True))
        found = {name: Output(output["value"], output["sensitive"]) for name, output in document.items()}
        self._secrecy.add_secrets([output.value for output in found.values() if output.sensitive])
        return found

    def ask_check_blocks(self, environment: str, stack: PreparedStack) -> Sequence[ports.CheckBlock]:
        from envctl.adapters.terraform.plans import check_results

        site, file = self._build_site(environment, stack), COMPARISON_FILES[0]
        if not check_results.has_check_blocks(site):
            return ()
        site = self._read_inputs(site)
        try:
            self._run_plan(site, file, refresh_only=True, lock=False)
            document = self._reader.read_document(site, file)
        finally:
            self._plans.delete_files(site, file)
            self._warm.end_stack(site)
        return check_results.parse_checks(site, document, self._secrecy.redact_message)

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        # For an address in no state, `untaint` takes the lock, reads the state and ends.
        site = self._build_site(environment, stack)
        self._capture_output(site, "untaint", ABSENT_ADDRESS, alone=True, allow_missing=True)

    def force_unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        self._capture_output(self._build_site(environment, stack), "force-unlock", lock_id, alone=True, force=True)

    def import_resource(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        site = self._build_site(environment, stack)
        unsaved_state.require_no_unsaved(site)
        local_state.create_state_file(site)
        site = self._read_inputs(site)
        self._capture_output(site, "import", address, identity, alone=True, input=False, lock_timeout=PLAN_LOCK_TIMEOUT)

    def push_unsaved_state(self, environment: str, stack: PreparedStack) -> bool:
        site = self._build_site(environment, stack)
        if not unsaved_state.has_unsaved_state(site):
            return False
        stack_lock.require_idle(site)
        unsaved_state.prepare_for_push(site)
        self._capture_output(site, "state push", UNSAVED_STATE, alone=True)
        (site.directory / UNSAVED_STATE).unlink()
        return True

    def apply(
        self, environment: str, stack: PreparedStack, on_finished: ports.OnFinished = ports.ignore_changes
    ) -> None:
        site = self._build_site(environment, stack)
        unsaved_state.require_no_unsaved(site)
        try:
            with self._end_providers_on_error(site):
                plan = self._plans.find_file(site, PLAN_FILE)
                self._run_apply(site, None, plan, on_finished, lock_timeout=APPLY_LOCK_TIMEOUT)
        finally:
            self._plans.delete_files(site, *PLAN_FILES)

    def await_ready(self, environment: str, stack: PreparedStack) -> None:
        """Do nothing: Terraform has waited for its resources."""

    def delete_plan(self, environment: str, stack: PreparedStack) -> None:
        site = self._build_site(environment, stack)
        self._plans.delete_files(site, *PLAN_FILES)
        self._warm.end_stack(site)

    def delete_plans(self, environment: str) -> None:
        self._plans.delete_all(environment)
        self._warm.end_environment(environment)

    @contextmanager
    def _end_providers_on_error(self, site: Site) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._warm.end_stack(site)
            raise

    def _run_apply(
        self,
        site: Site,
        event: ProgressEvent | None,
        plan: PlanFile | None,
        on_finished: ports.OnFinished = ports.ignore_changes,
        **options: bool | str,
    ) -> None:
        from envctl.adapters.terraform.diagnostics import full_disk

        words = (plan.path,) if plan else ()
        try:
            with full_disk.reserve_space(site):
                result, transcript = self._run_with_retries(inherit_plan(plan, site), event, "apply", *words, **options)
        finally:
            self._known_outputs.forget(site.directory)
        for address, action in transcript.finished:
            on_finished(address, action)
        transcript.planned_changes = self._planned_changes.get(site.directory, ())
        if transcript.dumped_state is not None:
            unsaved_state.save_state(site, transcript.dumped_state)
        check_result(result, transcript, site, "apply")
        check_summary(transcript, site, "apply")
        if transcript.output_values is not None:
            self._known_outputs.save_outputs(site.directory, transcript.output_values)

    def _plan_after_others(self, site: Site, name: str, **options: bool | str) -> Transcript:
        """Plan under the lock. If another plan holds it, wait for its end: it changes nothing."""
        try:
            return self._run_plan(site, name, lock_timeout=PLAN_LOCK_TIMEOUT, **options)
        except StateLockedError as held:
            from envctl.adapters.terraform.state import state_lock

            if not (wait := state_lock.describe_wait(held.lock, site)):
                raise
            self._observer.on_message(wait)
        return self._run_plan(site, name, lock_timeout=f"{state_lock.OTHER_PLAN_MINUTES}m", **options)

    def _run_plan(self, site: Site, name: str, **options: bool | str) -> Transcript:
        unsaved_state.require_no_unsaved(site)
        plan, event = self._plans.create_file(site, name), ProgressEvent(site.stack.name, "plan")
        began = datetime.now(UTC)
        result, transcript = self._run_with_retries(inherit_plan(plan, site), event, "plan", out=plan.path, **options)
        if plan.is_refused(transcript):
            self._plans.use_disk()
            self._observer.on_message(
                f"Terraform can't save a plan in memory ({plan.path}): until this command ends, plans with"
                f" sensitive values are files in {site.directory.parent}"
            )
            plan = self._plans.create_file(site, name)
            result, transcript = self._run_with_retries(
                inherit_plan(plan, site), event, "plan", out=plan.path, **options
            )
        left_lock = self._release_own_lock(site, began) if result.killed and options.get("lock", True) else ""
        check_result(result, transcript, site, "plan", left_lock=left_lock)
        check_summary(transcript, site, "plan")
        if transcript.has_provider_overrides:
            from envctl.adapters.terraform.environment.provider_overrides import require_overrides_found

            require_overrides_found(self.find_unpinned_providers(), site.stack.name)
        from envctl.adapters.terraform.plans import plan_origin

        request = plan_origin.PlanRequest.from_options(options, site)
        self._reader.check_origin(site, name, request, transcript)
        return transcript

    def _release_own_lock(self, site: Site, began: datetime) -> str:
        """Release the lock of a plan that was killed now. Return which lock is left: perhaps its own, or another's."""
        from envctl.adapters.terraform.process.json_events import Transcript
        from envctl.adapters.terraform.state import state_lock

        ended, monitor = datetime.now(UTC), copy(self._monitor)
        # The stop is not meant for these two.
        monitor.stopping = SignalForwarder()
        launcher = replace(self._launcher, monitor=monitor, limit=UNLOCK_SECONDS)

        def run(command: Command, word: str, **options: bool) -> None:
            result, _ = launcher.capture_command(site, command, word, alone=True, no_color=True, **options)
            check_result(result, Transcript(), site, command)

        with suppress(EnvctlError):
            try:
                run("untaint", ABSENT_ADDRESS, allow_missing=True)
            except StateLockedError as held:
                if not state_lock.is_plan_of(held.lock, began, ended):
                    return held.problems[0].message
                run("force-unlock", held.lock.id, force=True)
            return ""
        return f"the Terraform state of {site.stack.name} may still be locked by this plan"

    def _run_with_retries(
        self, site: Site, event: ProgressEvent | None, command: Command, *words: str, **options: bool | str
    ) -> tuple[ProcessResult, Transcript]:
        """Run a command; repeat it if a lock was released meanwhile, or `init` was missing: nothing is changed then."""
        local_state.create_state_file(site)
        if not (site.directory / INIT_STAMP).exists():
            # Terraform would only report that.
            self._init_runner.initialize_unfinished(site)
        initialized = False
        for pause in _RETRY_PAUSES:
            result, transcript = self._launcher.stream_command(site, event, command, *words, **options)
            if not initialized and _needs_init(transcript, result):
                self._init_runner.reinitialize(site)
                initialized = True
            elif _is_lock_released(transcript, site) and not self.is_stopping():
                time.sleep(pause)
            else:
                return result, transcript
        return self._launcher.stream_command(site, event, command, *words, **options)

    def _capture_output(
        self, site: Site, command: Command, *words: str, alone: bool = False, **options: bool | str
    ) -> str:
        from envctl.adapters.terraform.process.json_events import Transcript

        run = partial(self._launcher.capture_command, site, command, *words, alone=alone, no_color=True, **options)
        try:
            result, output = run()
            if _needs_init(Transcript(), result):
                self._init_runner.reinitialize(site)
                result, output = run()
        finally:
            if alone:
                # It may have written the state.
                self._known_outputs.forget(site.directory)
        check_result(result, Transcript(), site, command)
        return output

    def _read_inputs(self, site: Site) -> Site:
        """Return the site with the values of other stacks that a root module needs as it is."""
        if not site.stack.inputs:
            return site
        from envctl.domain.terraform.stack_inputs import read_inputs

        def read_outputs(each: StackInput) -> Mapping[str, Output]:
            upstream = replace(
                site.stack, name=each.stack, root=each.root, workspace=each.workspace, inputs=(), secrets={}
            )
            return self.read_current_outputs(site.environment, upstream, recent=True)

        return _add_inputs(site, read_inputs(site.stack.name, site.stack.inputs, read_outputs))

    def _build_site(self, environment: str, stack: PreparedStack) -> Site:
        directory = self._find_work() / join_workdir(environment, stack.name, stack.root)
        return Site(environment, stack, directory, locate=self._locate)


def _load_plan_reader() -> None:
    from envctl.adapters.terraform.plans import plan_reader  # noqa: F401


def _add_inputs(site: Site, values: Mapping[str, str]) -> Site:
    return replace(site, stack=replace(site.stack, secrets={**site.stack.secrets, **values}))


def _empty_inputs(site: Site) -> Site:
    """Return the site for a plan that destroys everything, although the values of other stacks are missing."""
    if not site.stack.inputs:
        return site
    from envctl.domain.terraform.stack_inputs import fill_missing

    return _add_inputs(site, fill_missing(site.stack.inputs))


def _is_lock_released(transcript: Transcript, site: Site) -> bool:
    if not transcript.errors:
        return False
    from envctl.adapters.terraform.state.state_lock import is_lock_released

    return any(is_lock_released(diagnostic, site) for diagnostic in transcript.errors)


def _needs_init(transcript: Transcript, result: ProcessResult) -> bool:
    if result.code == 0:
        return False
    from envctl.adapters.terraform.init.init_runner import needs_init

    return needs_init(transcript, result)
