"""People who are refused, and type the hint of the refusal, word for word."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from envctl.domain.errors import EnvctlError, Problem
from envctl.domain.guards.request import Refusal, RefusedError
from envctl.usecases.inspect.history import read_history
from envctl.usecases.inspect.rules import load_environment_rules
from envctl.usecases.inspect.status import load_status
from tests.usecases.commands import How, Refused
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.advice import MAX_STEPS, list_typists, mend_the_world, type_command

LOOKING = {"status", "why", "history", "rules", "diff", "settings", "ledger", "releases", "plan", "doctor"}
"""Commands that only inform. `ledger` is one where it verifies or lists."""
_BY_FILES = ("restore", "correct", "add [", "give ", "remove ", "commit them", "make them", "keep, move", "change its")
"""How a hint begins if files have to change before its command."""
_ANOTHER_WAY = ("to go back", "to go on", "if intended", "or take", "make a new release", "lift the hold")
_SAME_AGAIN = ("as ", "run it in", "ask another")


@dataclass(frozen=True)
class Hint:
    """A command in a hint, and the words before it since the command before."""

    code: str
    text: str
    command: str
    lead: str
    refusal: Refusal | None = None

    @property
    def is_looking(self) -> bool:
        return self.command.split()[1] in LOOKING

    @property
    def is_bare(self) -> bool:
        return self.text == self.command


@dataclass
class HintReader:
    """Follows the hints of refusals, each in a copy of the process: the history goes on as if nobody had.

    Attributes:
        typed: the number of commands followed to their end, by code.
        failed: what did not end well, if it is collected; otherwise it is raised.
    """

    actors: Actors
    typed: Counter[str] = field(default_factory=Counter)
    failed: list[str] | None = None
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def reads(self, refused: Refused) -> None:
        for hint in list_hints(refused.error):
            kind = hint.code, refused.verb, f"{hint.lead} {hint.command}"
            if kind in self.seen:
                continue
            self.seen.add(kind)
            fault = try_in_copy(lambda hint=hint: follow_hint(self.actors, refused, hint))  # type: ignore[misc]
            self.typed[hint.code] += 1
            if fault and self.failed is None:
                raise AssertionError(fault)
            if fault and self.failed is not None:
                self.failed.append(f"{hint.code}: {fault}")


def try_in_copy(do: Callable[[], None]) -> str:
    """Do something in a copy of this process. Return what went wrong."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        fault = ""
        try:
            do()
        except BaseException as error:  # noqa: BLE001 (the copy ends here, whatever happens)
            fault = str(error) if isinstance(error, AssertionError) else repr(error)
        os.close(reading)
        with os.fdopen(writing, "w") as pipe:
            json.dump(fault, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return str(json.loads(said)) if said else "the copy ended without an answer"


def list_hints(error: EnvctlError) -> list[Hint]:
    """The commands in the hints of a refusal, or of any other problem."""
    refusals = {each.hint: each for each in error.refusals} if isinstance(error, RefusedError) else {}
    return [hint for problem in error.problems for hint in _split_hint(problem, refusals.get(problem.hint))]


def _split_hint(problem: Problem, refusal: Refusal | None) -> Iterator[Hint]:
    end = 0
    for found in re.finditer(r"envctl [a-z][^,;]*", problem.hint):
        lead = problem.hint[end : found.start()].strip("; ,")
        end = found.end()
        yield Hint(str(problem.code), problem.hint, found[0].strip(), lead, refusal)


def follow_hint(actors: Actors, refused: Refused, hint: Hint) -> None:
    """Type the command, and whatever its own refusals say, until something is recorded or the refusal is gone; where
    the hint is that command alone, until the refusal is gone.
    """
    actors.on_refusal = None
    actors.here, actors.shared, actors.by_word = refused.machine, refused.machine.shared, True
    mend_the_world(actors)
    typed: list[str] = []
    story = f"{refused.verb} {refused.environment}: {'; '.join(map(str, refused.error.problems))}"
    while True:
        assert len(typed) < MAX_STEPS, f"the hints lead in a circle: {typed} after {story}"
        typed.append(hint.command)
        if hint.is_looking:
            look(actors, hint)
            return
        _do_what_it_says(actors, hint)
        before = actors.present.seq
        next_hint = _type(actors, hint, typed, story)
        if next_hint:
            hint = next_hint
            continue
        again = _retype(actors, refused)
        typed.append(f"[{again}]"[: int(os.environ.get("LONG", "1"))])
        still = [each for each in list_hints(again) if each.code == hint.code] if again else []
        gone = again is None or not any(each.code == hint.code for each in again.problems)
        recorded = actors.present.seq > before
        assert recorded or gone, f"nothing comes of {typed} after {story}"
        if gone or not still or not hint.is_bare or _is_done(refused, hint):
            return
        hint = still[0]


def _is_done(refused: Refused, hint: Hint) -> bool:
    """Whether it is the end, although the same command would be refused again."""
    verb, environment = hint.command.split()[1:3]
    return hint.code == "G101" or (verb, environment) == (refused.verb, refused.environment)


def _type(actors: Actors, hint: Hint, typed: list[str], story: str) -> Hint | None:
    """By whoever may. Return the hint of the refusal, if all are refused."""
    refusals: list[EnvctlError] = []
    for how in list_typists():
        actors.said_no = None
        if type_command(actors, hint.command, how):
            if os.environ.get("LONG"):
                typed.append(str(how))
            return None
        if actors.said_no:
            refusals.append(actors.said_no)
    if len(refusals) < len(list(list_typists())):
        # Nothing to do for some of them.
        return None
    best = min(refusals, key=lambda error: len(error.problems))
    codes = {problem.code for problem in best.problems}
    assert hint.code not in codes, f"{typed} is refused for the same reason: {best} after {story}"
    further = list_hints(best)
    return further[0] if further else None


def _retype(actors: Actors, refused: Refused) -> EnvctlError | None:
    actors.said_no = None
    how = replace(refused.how, fuse=None, yes=True)
    gives = actors.gives
    gives(
        refused.verb,
        refused.environment,
        refused.command,
        how,
        at=refused.machine,
        source=refused.source,
        gate=refused.gate,
    )
    return actors.said_no


def _do_what_it_says(actors: Actors, hint: Hint) -> None:
    """What the words before the command want: time, a commit, or files as they should be."""
    if "wait, then" in hint.lead:
        assert hint.refusal is not None and hint.refusal.opens is not None, f"for how long? {hint}"
        actors.passes(max(timedelta(), hint.refusal.opens - actors.shared.clock.now()) + timedelta(seconds=1))
    if hint.lead.startswith(_BY_FILES):
        actors.shared.versions.known = replace(actors.shared.versions.known, uncommitted=False)  # type: ignore[type-var]
        actors.asks(actors.book)
        if left := re.search(r"\[removed\.([\w-]+)\]", hint.lead):
            actors.has_third(replace(actors.shared.third, fates=((left[1], "destroy"),)))


def look(actors: Actors, hint: Hint) -> None:
    """It answers."""
    words = hint.command.split()
    ports = actors.here.ports
    match words[1:]:
        case ["status", *_]:
            load_status(ports)
        case ["history", environment]:
            assert read_history(ports, environment).entries, f"an empty answer: {hint}"
        case ["rules", environment]:
            load_environment_rules(ports, environment)
        case _:
            pass
