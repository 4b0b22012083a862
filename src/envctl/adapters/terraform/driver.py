"""The Terraform port: init, plan and apply in the working directories that a Workspace laid out."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from envctl.adapters.terraform import binary, events
from envctl.adapters.terraform.command import arguments
from envctl.adapters.terraform.output import Kept, Piped
from envctl.adapters.terraform.process import Ended, run
from envctl.domain.changes import StackPlan
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.layout import CODE, LOCK_FILE, MAIN
from envctl.domain.provider_lock import providers
from envctl.usecases.ports import Observer, PreparedStack, Progressed

PLAN = "plan.tfplan"
STAMP = ".initialised"
_DEFAULTS = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    # Fewer garbage collections in Terraform and its providers: a plan costs 13 % less CPU for some more memory.
    "GOGC": "400",
}
# Each stack has a data directory and a state of its own: one that the user shares over all of them would mix them up.
_OURS = frozenset({"TF_DATA_DIR", "TF_WORKSPACE"})
_NEEDS_INIT = re.compile(r"terraform init|tofu init|[Ii]nitialization required|provider.*not (?:installed|available)")


class TerraformDriver:
    """`home` is envctl's own folder in the project. `inherited` is what every process inherits, found out at the first
    one; the user's own TF_ and GO variables count before ours.
    """

    def __init__(
        self, project: Path, home: Path, inherited: Callable[[], Mapping[str, str]], observer: Observer
    ) -> None:
        self._project = project
        self._root = home / "work"
        self._cache = home / "cache"
        self._inherited = inherited
        self._observer = observer

    @cached_property
    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in self._inherited().items() if name not in _OURS}
        return {**_DEFAULTS, "TF_PLUGIN_CACHE_DIR": os.fspath(self._cache / "plugins"), **inherited}

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        directory = self._directory(environment, stack)
        lock = directory / LOCK_FILE
        stamp = directory / STAMP
        wanted = self._fingerprint(directory, stack)
        if _read(stamp) == wanted.encode() and _covered(_read(lock), provider_lock):
            return
        stamp.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
        if provider_lock is not None:
            lock.write_bytes(provider_lock)
        with self._one_at_a_time():
            ended, transcript = self._run(
                environment, stack, ("init",), Progressed(stack.name, "init"), input=False, json=True, reconfigure=True
            )
        self._check(ended, transcript, stack, "init")
        stamp.write_text(wanted)

    def plan(self, environment: str, stack: PreparedStack) -> StackPlan:
        ended, transcript = self._plan(environment, stack)
        if ended.code and self._wants_init(transcript, ended):
            # Something outside of what the stamp covers was taken away, a cache for example.
            (self._directory(environment, stack) / STAMP).unlink(missing_ok=True)
            lock = self._directory(environment, stack) / LOCK_FILE
            self.init(environment, stack, _read(lock) or None)
            ended, transcript = self._plan(environment, stack)
        self._check(ended, transcript, stack, "plan")
        if not (transcript.changes or transcript.output_changes):
            self.discard(environment, stack)
            return StackPlan(stack.name, warnings=transcript.warnings)
        return self._read_plan(environment, stack, transcript.warnings)

    def apply(self, environment: str, stack: PreparedStack) -> None:
        try:
            ended, transcript = self._run(environment, stack, ("apply", PLAN), None, input=False, json=True)
        finally:
            self.discard(environment, stack)
        self._check(ended, transcript, stack, "apply")

    def discard(self, environment: str, stack: PreparedStack) -> None:
        (self._directory(environment, stack) / PLAN).unlink(missing_ok=True)

    def _plan(self, environment: str, stack: PreparedStack) -> tuple[Ended, events.Transcript]:
        begun = Progressed(stack.name, "plan")
        return self._run(environment, stack, ("plan",), begun, input=False, json=True, out=PLAN)

    def _read_plan(self, environment: str, stack: PreparedStack, warnings: tuple[str, ...]) -> StackPlan:
        from envctl.adapters.terraform import planfile

        command = arguments(self._binary(stack), "show", PLAN, json=True)
        lines: list[str] = []
        ended = run(command, self._directory(environment, stack), self._variables(stack), lines.append)
        if ended.interrupted:
            self._check(ended, events.Transcript(), stack, "plan")
        try:
            return planfile.meaning(stack.name, json.loads("".join(lines)), warnings)
        except (ValueError, KeyError) as error:
            message = f"the plan of {stack.name} can't be read: {ended.errors.strip() or error}"
            raise OperationFailedError(
                Problem("E304", message, "run it again; if it stays so, this Terraform is newer than envctl knows")
            ) from error

    def _run(
        self,
        environment: str,
        stack: PreparedStack,
        command: tuple[str, ...],
        begun: Progressed | None,
        **options: bool | str,
    ) -> tuple[Ended, events.Transcript]:
        words = arguments(self._binary(stack), command[0], *command[1:], **options)
        transcript = events.Transcript()

        def on_line(line: str) -> None:
            progress = events.read(line, stack.name, transcript)
            if progress:
                self._observer.progressed(progress)

        def on_start() -> None:
            # Told once it runs: what an observer loads first is loaded while Terraform loads too.
            if begun:
                self._observer.progressed(begun)

        def on_stop() -> None:
            self._observer.said("stopping: Terraform ends what it is doing, and keeps its state")

        directory = self._directory(environment, stack)
        # What was begun is ended, whatever becomes of envctl: an apply that dies half-way loses what it made.
        output = Kept() if command[0] == "apply" else Piped()
        variables = self._variables(stack)
        ended = run(words, directory, variables, on_line, output=output, on_start=on_start, on_stop=on_stop)
        return ended, transcript

    def _check(self, ended: Ended, transcript: events.Transcript, stack: PreparedStack, command: str) -> None:
        if ended.interrupted:
            message = f"interrupted: Terraform stopped {command} of {stack.name} cleanly and kept its state"
            raise InterruptedByUserError(Problem("E311", message, "the next run goes on from what is there"))
        if ended.code:
            from envctl.adapters.terraform.failures import failure

            raise failure(ended, transcript, stack.name, command)

    def _binary(self, stack: PreparedStack) -> tuple[str, ...]:
        return binary.find(stack.binary, self._environment, self._project)

    def _wants_init(self, transcript: events.Transcript, ended: Ended) -> bool:
        said = " ".join([*(f"{d.summary} {d.detail}" for d in transcript.errors), ended.errors])
        return _NEEDS_INIT.search(said) is not None

    def _directory(self, environment: str, stack: PreparedStack) -> Path:
        return self._root / environment / stack.name

    def _variables(self, stack: PreparedStack) -> dict[str, str]:
        secrets = {f"TF_VAR_{name}": value for name, value in stack.secrets.items()}
        return self._environment | secrets

    def _fingerprint(self, directory: Path, stack: PreparedStack) -> str:
        """What `init` depends on beside the provider lock: the code, the backend, and which Terraform it is."""
        code = directory.parent / CODE
        parts = [*self._binary(stack), self._environment.get("TF_CLI_CONFIG_FILE", "")]
        digest = hashlib.sha256("\0".join(parts).encode() + _told_to_init(directory / MAIN))
        for path in sorted(p for p in code.rglob("*") if p.is_file()):
            digest.update(os.fspath(path.relative_to(code)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Concurrent first inits on one plugin cache break each other: one runs at a time, across processes."""
        (self._cache / "plugins").mkdir(parents=True, exist_ok=True)
        with (self._cache / "init.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _told_to_init(main: Path) -> bytes:
    """The parts of a root module that `init` looks at. Settings are not among them: they change more often."""
    document = json.loads(main.read_bytes())
    sources = {name: call["source"] for name, call in document["module"].items()}
    return json.dumps([document["terraform"], sorted(document.get("provider", ())), sources], sort_keys=True).encode()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _covered(stack: bytes, wanted: bytes | None) -> bool:
    """Whether what a stack was initialised with is what the lock asks for, be it for other stacks as well."""
    asked = providers(wanted or b"").items()
    return providers(stack).items() <= asked
