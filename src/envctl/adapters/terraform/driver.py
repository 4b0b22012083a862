"""The Terraform port: what is done in the working directories that a Workspace laid out."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envctl.adapters.terraform.diagnostics import full_disk
from envctl.adapters.terraform.diagnostics.failures import missing_upstream
from envctl.adapters.terraform.environment.cleared_environment import Surroundings
from envctl.adapters.terraform.launcher import PATIENCE, Launcher, check, check_end
from envctl.adapters.terraform.plans import plan_origin
from envctl.adapters.terraform.plans.plan_files import OF_A_LOOK, PLAN, PlanFile, PlanFiles, inheriting
from envctl.adapters.terraform.plans.reader import PlanReader, redacted
from envctl.adapters.terraform.process import stack_lock
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import Ended
from envctl.adapters.terraform.process.stack_lock import Locate, Site
from envctl.adapters.terraform.scheduler.capacity import UNLIMITED, Limits, Usage, heap
from envctl.adapters.terraform.scheduler.machine import machine
from envctl.adapters.terraform.scheduler.watch import Watch
from envctl.adapters.terraform.scheduler.worker_pool import Crew
from envctl.adapters.terraform.state import local_state, state_lock, unsaved_state
from envctl.adapters.terraform.state.written_state import was_written
from envctl.domain.errors import OperationFailedError
from envctl.domain.plan.changes import ResourceChange, StackPlan
from envctl.domain.terraform.workdir_names import MOVING, PLAN_FILES, UNSAVED
from envctl.usecases.ports.core import Observer
from envctl.usecases.ports.terraform import (
    UNTRACED,
    HashedProviders,
    Installed,
    NoSecrecy,
    PreparedStack,
    Progressed,
    ProviderSource,
    Secrecy,
    Trace,
)

if TYPE_CHECKING:
    from envctl.adapters.terraform.init.initialise import Initialiser
    from envctl.domain.checks.probes import Output
    from envctl.domain.plan.drift import Look
    from envctl.usecases.ports.terraform import UnpinnedProvider

# Somebody else's plan holds the state for some seconds. It must not make a deployment fail that has begun.
PLAN_WAITS, APPLY_WAITS = "5s", "120s"
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

NO_ADDRESS = "terraform_data.envctl_asks_for_the_lock"


class TerraformDriver:
    """`home` is envctl's own folder in the project. `inherited` is what every process inherits that works with
    an AWS profile, or with none. `limits` are what stacks may take that are worked on at once, and `patience` is for
    how many seconds a plan may say nothing. `secrecy` is told the sensitive values that a state or a plan holds, and
    `locate` tells where the project file says what is rendered.
    """

    def __init__(
        self,
        project: Path,
        home: Path,
        inherited: Callable[[str], Mapping[str, str]],
        observer: Observer,
        *,
        limits: Limits = UNLIMITED,
        trace: Trace = UNTRACED,
        patience: float = PATIENCE,
        secrecy: Secrecy = NoSecrecy(),  # noqa: B008 (it holds nothing)
        surroundings: Surroundings | None = None,
        locate: Locate = lambda _, __: None,
    ) -> None:
        self._locate = locate
        self._secrecy = secrecy
        self._root = home / "work"
        self._limits = limits
        self._machine = machine()
        self._at_once = 0
        self._watch = Watch(home / "cache", trace)
        self._launcher = Launcher(
            project,
            home / "cache" / "plugins",
            inherited,
            observer,
            self._watch,
            heap=heap(self._machine, limits),
            patience=patience,
            redact=secrecy.redact_message,
            surroundings=surroundings,
        )
        self._plugins = home / "cache" / "plugins"
        self._observer = observer
        self._plans = PlanFiles()
        self._reader = PlanReader(self._plans, self._launcher, secrecy)
        self._planned_changes: dict[Path, tuple[ResourceChange, ...]] = {}

    @cached_property
    def _initialiser(self) -> "Initialiser":
        # Imported late, as all that a plan of what lies ready does not need: it costs a hundredth of that plan.
        from envctl.adapters.terraform.init.initialise import Initialiser

        return Initialiser(self._launcher, self._plugins, self._observer, self._watch.stopping)

    def installed(self, binary: str) -> Installed:
        from envctl.adapters.terraform import installed_version as installed

        return installed.ask(self._launcher, PreparedStack("", binary=binary))

    def source(self, providers: Mapping[str, str], *, knock: bool) -> ProviderSource:
        from envctl.adapters.terraform.init import provider_source

        return provider_source.find(self._launcher.environment(PreparedStack("")), providers, knock=knock)

    def unpinned(self) -> "tuple[UnpinnedProvider, ...]":
        from envctl.adapters.terraform.environment.provider_overrides import find_overrides

        return find_overrides(self._launcher.environment(PreparedStack("")))

    @contextmanager
    def at_once(self) -> Iterator[Crew]:
        crew = Crew(self._machine, self._limits, self._watch)
        try:
            with crew.at_work():
                yield crew
        finally:
            self._at_once = max(self._at_once, crew.at_most)
            self._watch.measurements.keep()

    def usage(self) -> Usage | None:
        """Of all that ran so far; None where nothing did."""
        return Usage(self._at_once, self._watch.meter.peak) if self._at_once else None

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        self._initialiser.once(self._site(environment, stack), provider_lock)

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> HashedProviders:
        from envctl.adapters.terraform.init import provider_lock as locking_providers

        return locking_providers.lock(self._launcher, self._site(environment, stack), provider_lock, platforms)

    def at_rest(self, environment: str, stack: PreparedStack) -> None:
        stack_lock.demand_free(self._site(environment, stack))

    def plan(self, environment: str, stack: PreparedStack, *, destroy: bool = False, wait: bool = True) -> StackPlan:
        site = self._site(environment, stack)
        mode: dict[str, bool | str] = {"destroy": True} if destroy else {}
        if wait:
            mode["lock_timeout"] = PLAN_WAITS
        try:
            transcript = self._planned(site, PLAN, **mode)
        except OperationFailedError as error:
            if not (destroy and missing_upstream(error)):
                raise
            # Nothing that goes away has to be read anew, least of all from a state that is gone.
            transcript = self._planned(site, PLAN, refresh=False, **mode)
        if not transcript.anything:
            self.discard(environment, stack)
            # Where all goes away, a state that is lost looks like one that holds nothing.
            lost, held = destroy and transcript.stateless, len(transcript.refreshed)
            return StackPlan(stack.name, warnings=transcript.warnings, stateless=lost, in_state=held)
        plan = self._reader.meaning(site, transcript.warnings)
        self._planned_changes[site.directory] = plan.resources
        return plan

    def settle(self, environment: str, stack: PreparedStack) -> None:
        site = self._site(environment, stack)
        options: dict[str, bool | str] = {"refresh_only": True, "auto_approve": True, "lock_timeout": APPLY_WAITS}
        self._applied(site, Progressed(stack.name, "refresh"), None, **options)

    def look(self, environment: str, stack: PreparedStack, *, unchanged: bool) -> "Look":
        from envctl.adapters.terraform.plans import stack_standing

        site = self._site(environment, stack)

        def planned(out: str, *, locked: bool, **mode: bool | str) -> Transcript:
            lock: dict[str, bool | str] = {"lock_timeout": PLAN_WAITS} if locked else {"lock": False}
            return self._planned(site, out, **lock, **mode)

        documents = list[dict[str, Any]]()

        def show(file: str) -> dict[str, Any]:
            documents.append(self._reader.document(site, file))
            return documents[-1]

        try:
            seen = stack_standing.look(stack.name, planned, show, unchanged=unchanged)
            return replace(seen, drift=redacted(seen.drift, *documents), pending=redacted(seen.pending, *documents))
        finally:
            self._plans.discard(site, *OF_A_LOOK)

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        return was_written(self._asked(self._site(environment, stack), "state pull"))

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        site = self._site(environment, stack)
        unsaved_state.demand_none(site)
        said = self._asked(site, "state pull")
        return said.encode() if was_written(said) else b""

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        from envctl.adapters.disk.writing import write_private

        site = self._site(environment, stack)
        local_state.make_room(site)
        file = site.directory / MOVING
        write_private(file, state)
        try:
            self._asked(site, "state push", MOVING, alone=True)
        finally:
            file.unlink(missing_ok=True)

    def outputs(self, environment: str, stack: PreparedStack) -> "Mapping[str, Output]":
        from envctl.domain.checks.probes import Output

        site = self._site(environment, stack)
        unsaved_state.demand_none(site)
        # One that works there may have written half of them.
        stack_lock.demand_free(site)
        local_state.demand_file(site)
        said = self._asked(site, "output", json=True)
        found = {name: Output(output["value"], output["sensitive"]) for name, output in json.loads(said).items()}
        self._secrecy.learn([output.value for output in found.values() if output.sensitive])
        return found

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        # Of an address that is in no state it takes the lock, reads, and ends.
        self._asked(self._site(environment, stack), "untaint", NO_ADDRESS, alone=True, allow_missing=True)

    def unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        self._asked(self._site(environment, stack), "force-unlock", lock_id, alone=True, force=True)

    def take_in(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        site = self._site(environment, stack)
        unsaved_state.demand_none(site)
        local_state.make_room(site)
        self._asked(site, "import", address, identity, alone=True, input=False, lock_timeout=PLAN_WAITS)

    def rescue(self, environment: str, stack: PreparedStack) -> bool:
        site = self._site(environment, stack)
        if not unsaved_state.lies(site):
            return False
        stack_lock.demand_free(site)
        unsaved_state.make_the_newest(site)
        self._asked(site, "state push", UNSAVED, alone=True)
        (site.directory / UNSAVED).unlink()
        return True

    def apply(self, environment: str, stack: PreparedStack) -> None:
        site = self._site(environment, stack)
        unsaved_state.demand_none(site)
        try:
            self._applied(site, None, self._plans.get(site, PLAN), lock_timeout=APPLY_WAITS)
        finally:
            self.discard(environment, stack)

    def discard(self, environment: str, stack: PreparedStack) -> None:
        self._plans.discard(self._site(environment, stack), *PLAN_FILES)

    def _applied(self, site: Site, begun: Progressed | None, plan: PlanFile | None, **options: bool | str) -> None:
        words = (plan.path,) if plan else ()
        with full_disk.reserved(site):
            ended, transcript = self._patiently(inheriting(plan, site), begun, "apply", *words, **options)
        transcript.planned = self._planned_changes.get(site.directory, ())
        if transcript.dumped is not None:
            unsaved_state.keep(site, transcript.dumped)
        check(ended, transcript, site, "apply")
        check_end(transcript, site, "apply")

    def _planned(self, site: Site, name: str, **options: bool | str) -> Transcript:
        unsaved_state.demand_none(site)
        plan, begun = self._plans.create(site, name), Progressed(site.stack.name, "plan")
        ended, transcript = self._patiently(inheriting(plan, site), begun, "plan", out=plan.path, **options)
        if plan.is_refused(transcript):
            self._plans.use_disk()
            self._observer.said(
                f"Terraform can't save a plan in memory ({plan.path}): until this command ends, plans with their"
                f" sensitive values are files in {site.directory.parent}"
            )
            plan = self._plans.create(site, name)
            ended, transcript = self._patiently(inheriting(plan, site), begun, "plan", out=plan.path, **options)
        check(ended, transcript, site, "plan")
        check_end(transcript, site, "plan")
        if transcript.is_overridden:
            from envctl.adapters.terraform.environment.provider_overrides import require_found

            require_found(self.unpinned(), site.stack.name)
        self._reader.check_made(site, name, plan_origin.Asked.by(options, site.stack.secrets), transcript)
        return transcript

    def _patiently(
        self, site: Site, begun: Progressed | None, command: str, *words: str, **options: bool | str
    ) -> tuple[Ended, Transcript]:
        """Once more where a lock was in the way that is there no longer, or where what `init` made has gone or changed.
        Without the lock nothing was begun, and without the other nothing at all.
        """
        local_state.make_room(site)
        initialised = False
        for pause in _PAUSES:
            ended, transcript = self._launcher.follow(site, begun, command, *words, **options)
            if not initialised and _wants_init(transcript, ended):
                self._initialiser.again(site)
                initialised = True
            elif any(state_lock.slipped(diagnostic, site) for diagnostic in transcript.errors):
                time.sleep(pause)
            else:
                return ended, transcript
        return self._launcher.follow(site, begun, command, *words, **options)

    def _asked(self, site: Site, command: str, *words: str, alone: bool = False, **options: bool | str) -> str:
        ended, said = self._launcher.ask(site, command, *words, alone=alone, no_color=True, **options)
        if _wants_init(Transcript(), ended):
            self._initialiser.again(site)
            ended, said = self._launcher.ask(site, command, *words, alone=alone, no_color=True, **options)
        check(ended, Transcript(), site, command)
        return said

    def _site(self, environment: str, stack: PreparedStack) -> Site:
        return Site(environment, stack, self._root / environment / stack.name, locate=self._locate)


def _wants_init(transcript: Transcript, ended: Ended) -> bool:
    if ended.code == 0:
        return False
    from envctl.adapters.terraform.init.initialise import wanted

    return wanted(transcript, ended)
