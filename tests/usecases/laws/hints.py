"""People who are refused, and type the hint of the refusal, word for word."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Literal

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
_BY_FILES = ("restore", "correct", "add [", "give ", "remove ", "commit the", "make them", "keep, move", "change its")
"""How a hint begins if files have to change before its command."""
_ANOTHER_WAY = ("release", "to go back", "to go on", "or take")
_SAME_AGAIN = ("as ", "run it in", "ask another")


@dataclass(frozen=True)
class Hint:
    """A command in a hint, and the words before it since the command before."""

    code: str
    message: str
    text: str
    command: str
    lead: str
    refusal: Refusal | None = None

    @property
    def is_looking(self) -> bool:
        return self.command.split()[1] in LOOKING

    @property
    def is_another_way(self) -> bool:
        """Whether it leads to something else than what was refused."""
        return any(words in self.lead for words in _ANOTHER_WAY)

    @property
    def is_for_another(self) -> bool:
        """Whether another person types the same. They may find that nothing is to do."""
        return self.lead.startswith(_SAME_AGAIN)

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

    def __post_init__(self) -> None:
        self.book = self.actors.book

    def reads(self, refused: Refused) -> None:
        for hint in list_hints(refused.error):
            kind = hint.code, refused.verb, f"{hint.lead} {hint.command}"
            if kind in self.seen:
                continue
            self.seen.add(kind)
            fault = try_in_copy(partial(self._follow, refused, hint))
            self.typed[hint.code] += 1
            if fault and self.failed is None:
                raise AssertionError(fault)
            if fault and self.failed is not None:
                self.failed.append(f"{hint.code}: {fault}")

    def _follow(self, refused: Refused, hint: Hint) -> None:
        # It may be what a temptation edits for a while.
        self.actors.book = self.book
        follow_hint(self.actors, refused, hint)


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
    """The commands in the hints of a refusal, or of any other problem, each once."""
    refusals = {each.hint: each for each in error.refusals} if isinstance(error, RefusedError) else {}
    hints = [hint for problem in error.problems for hint in _split_hint(problem, refusals.get(problem.hint))]
    return list({(hint.lead, hint.command): hint for hint in reversed(hints)}.values())[::-1]


def _split_hint(problem: Problem, refusal: Refusal | None) -> Iterator[Hint]:
    end = 0
    for found in re.finditer(r"envctl [a-z][^,;]*", problem.hint):
        lead = problem.hint[end : found.start()].strip("; ,")
        end = found.end()
        yield Hint(str(problem.code), problem.message, problem.hint, found[0].strip(), lead, refusal)


def follow_hint(actors: Actors, refused: Refused, hint: Hint) -> None:
    """Type the command of the hint, until something is recorded or the refusal is gone; where the hint is that command
    alone, until the refusal is gone.
    """
    actors.on_refusal = None
    actors.here, actors.shared, actors.by_word = refused.machine, refused.machine.shared, True
    mend_the_world(actors)
    typed: list[str] = []
    story = f"{refused.verb} {refused.environment}: {'; '.join(map(str, refused.error.problems))}"
    while True:
        before = actors.present.seq
        if carry_out(actors, hint, typed, story) == "in words":
            return
        recorded, again = actors.present.seq > before, _retype(actors, refused)
        still = [each for each in list_hints(again) if each.code == hint.code] if again else []
        gone = again is None or not any(each.code == hint.code for each in again.problems)
        assert recorded or gone or hint.is_for_another, f"nothing comes of {typed} after {story}"
        if gone or not still or not hint.is_bare or _is_done(refused, hint):
            return
        hint = still[0]


def carry_out(actors: Actors, hint: Hint, typed: list[str], story: str) -> Literal["done", "in words"]:
    """Type the command of a hint, and before it whatever the hints of its own refusals say."""
    while True:
        assert len(typed) < MAX_STEPS, f"the hints lead in a circle: {typed} after {story}"
        typed.append(hint.command)
        if hint.is_looking:
            look(actors, hint)
            return "in words"
        _do_what_it_says(actors, hint)
        before, error = actors.present.seq, _type(actors, hint)
        if error is None:
            is_answered = actors.present.seq > before or hint.is_for_another
            assert len(typed) == 1 or is_answered, f"nothing comes of {typed} after {story}"
            return "done"
        same = [each for each in error.problems if (each.code, each.message) == (hint.code, hint.message)]
        assert not same, f"{typed} is refused for the same reason: {error} after {story}"
        further = list_hints(error)
        if not further or carry_out(actors, further[0], typed, story) == "in words" or further[0].is_another_way:
            return "in words"
        if further[0].command == hint.command:
            # After a wait, for example.
            return "done"


def _is_done(refused: Refused, hint: Hint) -> bool:
    """Whether it is the end, although the same command would be refused again."""
    verb, environment = hint.command.split()[1:3]
    return hint.code == "G101" or (verb, environment) == (refused.verb, refused.environment)


def _type(actors: Actors, hint: Hint) -> EnvctlError | None:
    """By whoever may. Return the refusal, if all are refused."""
    refusals: list[EnvctlError] = []
    typists = _list_named_first(hint)
    for how in typists:
        actors.said_no = None
        if type_command(actors, hint.command, how):
            return None
        if actors.said_no:
            refusals.append(actors.said_no)
    if len(refusals) < len(typists):
        # Nothing to do for some of them.
        return None
    return min(refusals, key=lambda error: (_is_about_person(error), len(error.problems)))


def _is_about_person(error: EnvctlError) -> bool:
    return any(problem.hint.startswith(_SAME_AGAIN) for problem in error.problems)


def _list_named_first(hint: Hint) -> list[How]:
    """Everybody, the people first whom the refusal names."""
    who = hint.refusal.who if hint.refusal else ""
    name = "job" if "github:" in who else "vouched" if "arn:" in who else "own"
    return sorted(list_typists(), key=lambda how: how.name != name)


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
    if any(words in hint.lead for words in ("change the code", "change of the code", "changes of the working tree")):
        actors.edits_code("as the hint wants")
    if "by hand" in hint.lead:
        actors.shared.terraform.drifted.clear()
    if hint.lead.startswith(_BY_FILES):
        actors.shared.versions.known = replace(actors.shared.versions.known, uncommitted=False)
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
