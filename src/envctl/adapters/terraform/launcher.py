"""Starts Terraform in the directory of a stack, and makes what it says into events, texts and errors."""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from envctl.adapters.terraform.diagnostics import killed_process, oom_kills
from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.cleared_environment import Surroundings, anchor_paths
from envctl.adapters.terraform.environment.stray_files import remove_strays
from envctl.adapters.terraform.process import binary, json_events
from envctl.adapters.terraform.process import stack_lock as running
from envctl.adapters.terraform.process.arguments import arguments
from envctl.adapters.terraform.process.output_lines import Kept, Output, Piped
from envctl.adapters.terraform.process.process import Ended, run
from envctl.adapters.terraform.process.stack_lock import Running, Site
from envctl.adapters.terraform.scheduler.watch import Watch
from envctl.adapters.terraform.state import unsaved_state
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import SESSION
from envctl.usecases.ports.core import Observer
from envctl.usecases.ports.terraform import PreparedStack, Progressed

_DEFAULTS = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    # Garbage is collected late. A single plan is quickest so: with none collected at all, it waits for fresh memory.
    "GOGC": "400",
}
# Of several at once it is the processors that are short: without any collection, before a process has taken what is its
# own of the memory, a plan costs 15 to 20 % less of them, and most end before that.
_OF_SEVERAL = {"GOGC": "off"}

ADDED_FLAGS = (
    "what is started adds flags to Terraform: remove that, or name another: [terraform] binary, ENVCTL_TERRAFORM, PATH"
)
# What is summed up at the end of a command that ended well.
_ENDS = {"plan": {"plan"}, "apply": {"apply", "destroy"}}

# Seconds. A provider tries again and again where nobody answers, at last every five minutes; whoever reads is told.
PATIENCE = 300.0


class Launcher:
    """`inherited` is what every process inherits that works with an AWS profile, or with none, found out at the first
    one. The caller's own GO variables count before ours; what of Terraform's own is kept away `surroundings` says.
    `redact` is what all goes through that Terraform says to people: there foreign text comes in.
    """

    def __init__(
        self,
        project: Path,
        plugins: Path,
        inherited: Callable[[str], Mapping[str, str]],
        observer: Observer,
        watch: Watch,
        *,
        heap: int,
        patience: float = PATIENCE,
        redact: Callable[[str], str] = str,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._project = project
        self._plugins = plugins
        self._inherited = inherited
        self._observer = observer
        self._watch = watch
        self._heap = heap
        self._patience = patience
        self._redact = redact
        self._surroundings = surroundings or Surroundings(observer.said)
        self._environments: dict[str, dict[str, str]] = {}
        # The profiles with which nobody but envctl says when garbage is collected.
        self._ours_to_collect: set[str] = set()
        self._lock = threading.RLock()

    def environment(self, stack: PreparedStack) -> dict[str, str]:
        with self._lock:
            if stack.profile not in self._environments:
                inherited = self._surroundings.clear(anchor_paths(self._inherited(stack.profile)))
                plugins = {"TF_PLUGIN_CACHE_DIR": cli_configuration.plugin_cache(inherited) or os.fspath(self._plugins)}
                logged = {} if killed_process.OURS in inherited else killed_process.LOG
                limited = self._limited(inherited)
                if "GOGC" not in inherited:
                    self._ours_to_collect.add(stack.profile)
                self._environments[stack.profile] = {**_DEFAULTS, **logged, **limited, **plugins, **inherited}
            return self._environments[stack.profile]

    def _limited(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Who says when garbage is collected says it whole: our limit would mean something else beside it."""
        return {} if "GOGC" in inherited else {"GOMEMLIMIT": f"{self._heap >> 20}MiB"}

    def binary(self, stack: PreparedStack) -> tuple[str, ...]:
        return binary.find(stack.binary, self.environment(stack), self._project)

    def follow(
        self, site: Site, begun: Progressed | None, command: str, *words: str, **options: bool | str
    ) -> tuple[Ended, json_events.Transcript]:
        """A run whose events are told to the observer as they come. It has the stack's directory to itself."""
        line = arguments(self.binary(site.stack), command, *words, input=False, json=True, **options)
        transcript = json_events.Transcript()

        def on_line(said: str) -> None:
            progress = json_events.read(said, site.stack.name, transcript, self._redact)
            if progress:
                self._observer.progressed(replace(progress, environment=site.environment))

        def on_start() -> None:
            # Told once it runs: what an observer loads first is loaded while Terraform loads too.
            if begun:
                self._observer.progressed(replace(begun, environment=site.environment))

        with running.alone(site) as lock:
            ended = self._run(
                site,
                line,
                on_line,
                # What was begun is ended, whatever becomes of envctl: an apply that dies half-way loses what it made.
                output=Kept() if command == "apply" else Piped(),
                running=lock,
                on_start=on_start,
                patience=self._patience if command == "plan" else None,
            )
        self._observer.progressed(Progressed(site.stack.name, "over", environment=site.environment))
        return ended, transcript

    def ask(
        self, site: Site, command: str, *words: str, alone: bool = False, **options: bool | str
    ) -> tuple[Ended, str]:
        """A short run, and all that it wrote. `alone` is for those that change the state."""
        lines: list[str] = []
        line = arguments(self.binary(site.stack), command, *words, **options)
        with running.alone(site) if alone else contextlib.nullcontext() as lock:
            ended = self._run(site, line, lines.append, running=lock)
        return ended, "".join(lines)

    def _run(
        self,
        site: Site,
        line: list[str],
        on_line: Callable[[str], None],
        *,
        running: Running | None,
        output: Output | None = None,
        on_start: Callable[[], None] = lambda: None,
        patience: float | None = None,
    ) -> Ended:
        def on_stop() -> None:
            if self._watch.stopping.first_told():
                self._observer.said("stopping: Terraform ends what it is doing, and keeps its state")

        for stray in remove_strays(site.directory):
            where = os.path.relpath(site.directory / stray, self._project)
            self._observer.said(f"removed {where}: Terraform would have read it, and envctl did not write it")
        command = line[len(self.binary(site.stack))]
        around, measured = self._watch.around(site, command)
        kills = oom_kills.kills()
        ended = run(
            line,
            site.directory,
            self._variables(site),
            on_line,
            output=output,
            running=running,
            inherited=site.inherited,
            stopping=self._watch.stopping,
            around=around,
            on_start=on_start,
            on_stop=on_stop,
            patience=patience,
        )
        if ended.errors:
            ended = replace(ended, errors=self._redact(ended.errors))
        if ended.code:
            said, log = killed_process.apart(ended.errors)
            starved = oom_kills.grew(kills)
            ended = replace(ended, errors=said, log=log, starved=starved, memory=self._watch.meter.peak)
        if measured and (ended.starved or not ended.code):
            self._watch.measurements.note(measured[0], planned=command == "plan" and not ended.code)
        return ended

    def _variables(self, site: Site) -> dict[str, str]:
        stack = site.stack
        secrets = {f"TF_VAR_{name}": value for name, value in stack.secrets.items()}
        session = {f"TF_VAR_{SESSION}": stack.session} if stack.session else {}
        plugins = {"TF_PLUGIN_CACHE_DIR": os.fspath(site.plugins)} if site.plugins else {}
        usual = self.environment(stack)
        collected = _OF_SEVERAL if self._watch.several and stack.profile in self._ours_to_collect else {}
        return usual | collected | secrets | session | plugins


def check(ended: Ended, transcript: json_events.Transcript, site: Site, command: str) -> None:
    """Raises what a run that did not end well means."""
    unsaved = command == "apply" and unsaved_state.lies(site)
    if ended.interrupted and not (unsaved or killed_process.itself(ended)):
        message = f"interrupted: Terraform stopped {command} of {site.stack.name} cleanly and kept its state"
        raise InterruptedByUserError(
            Problem("E311", message, "the next run goes on from what is there", stack=site.stack.name)
        )
    if ended.silent:
        message = f"{site.stack.name}: nobody answers: Terraform had nothing to say of its {command} for too long"
        hint = "check the network, the proxy, the region and the account; nothing was changed"
        raise OperationFailedError(Problem("E325", message, hint, stack=site.stack.name))
    if ended.code:
        from envctl.adapters.terraform.diagnostics.failures import failure

        raise failure(ended, transcript, site, command)


def check_end(transcript: json_events.Transcript, site: Site, command: str) -> None:
    """Raises OperationFailedError where Terraform ended well and did not sum up what it did, as it does of every plan
    and every apply: what says nothing would pass for no changes. And where it worked with another state than it should.
    """
    if transcript.summed_up.isdisjoint(_ENDS[command]):
        message = f"terraform {command} of {site.stack.name} ended without a word on what it did"
        hint = "what is started may be no Terraform, or hide what it says: [terraform] binary, ENVCTL_TERRAFORM, PATH"
        raise OperationFailedError(Problem("E354", message, hint, stack=site.stack.name))
    if transcript.is_elsewhere:
        message = f"terraform {command} of {site.stack.name} took another file for its state (-state)"
        raise OperationFailedError(Problem("E369", message, ADDED_FLAGS, stack=site.stack.name))
