"""People who type what envctl suggests, word for word."""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from envctl.domain.guards import GUARDS
from envctl.domain.next_step.find_step import find_command
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.drift.fix import fix_environment
from envctl.usecases.inspect.status import load_status
from tests.usecases.commands import How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.people import PEOPLE, Name

NAMES: tuple[Name, ...] = ("own", "vouched", "job")
_OF_PLAN = {guard.code for guard in GUARDS if guard.needs_plan}
MAX_STEPS = 24
"""Two environments with three gates each, two promotions, a verification, a recovery and a few repairs."""


def list_typists() -> Iterator[How]:
    """Everybody, under each name: a command does not say who may give it."""
    for name in NAMES:
        for person in PEOPLE:
            yield How(person, name=name)


def type_command(actors: Actors, command: str, how: How) -> bool:
    """Give a suggested command as it is spelled, and say whether something was recorded of it."""
    before = actors.present.seq
    words = command.split()
    if words[1] == "drift" and "--fix" in words:
        return _fix_drift(actors, words[2], how)
    _give(actors, command, how)
    return actors.present.seq > before


def _give(actors: Actors, command: str, how: How) -> None:  # noqa: C901, PLR0912 (one case a command)
    """Raises ValueError for a command that nobody here can type."""
    program, verb, *rest = shlex.split(command)
    assert program == "envctl", command
    names = [word for word in rest if not word.startswith("--") and not _is_value(rest, word)]
    options = {word: _find_value(rest, word) for word in rest if word.startswith("--")}
    release = options.get("--release") or options.get("--to") or None
    how = replace(how, older="--older" in options, partial="--partial" in options)
    match (
        verb,
        names,
        frozenset(options) - {"--release", "--to", "--gate", "--unseen", "--older", "--partial", "--yes"},
    ):
        case "apply", [to], left if not left:
            actors.applies(to, how)
        case "apply", [to], left if left == {"--stack", "--with-upstream"}:
            actors.applies(to, replace(how, only=("network", options["--stack"])))
        case "promote", [source, to], left if not left:
            actors.promotes(source, to, how, release=release)
        case "rollback", [to], left if not left:
            actors.rolls_back(to, how, release=release)
        case "destroy", [what], left if not left:
            actors.destroys(what, how)
        case "recover", [what], left if not left:
            actors.recovers(what, how)
        case "verify", [what], left if not left:
            actors.verifies(what, how)
        case "drift", [what], left if not left:
            actors.looks_for_drift(what, how)
        case "rules", ["reset", what], left if left == {"--withdraw"}:
            actors.withdraws_reset(how, of=what)
        case "unlock", [what], left if not left:
            actors.unlocks(what, how.by, release=release)
        case "approve", [to], left if left == {"--rules"}:
            actors.approves_rules(options.get("--gate", ""), how, to=to)
        case "approve", [to], left if not left:
            before = actors.present.seq
            named = tuple(filter(None, options.get("--unseen", "").split(",")))
            actors.approves(options["--gate"], replace(how, unseen=named), release=release, to=to)
            if actors.present.seq == before:
                # The answer names the stacks that can't be planned yet.
                actors.approves(options["--gate"], replace(how, unseen=("web",)), release=release, to=to)
        case _:
            raise ValueError(command)


def mend_the_world(actors: Actors) -> None:
    """Everything outside of envctl works again; the ledger, the project and all decisions of people stay."""
    terraform = actors.shared.terraform
    for broken in (terraform.fails_on, terraform.dies_on, terraform.unready, actors.shared.failing):
        broken.clear()
    terraform.extra_changes.clear()
    for machine in (actors.here, actors.elsewhere):
        machine.has_clock_off(timedelta())


def follow_advice(actors: Actors) -> list[str]:
    """Type the first suggestion of each environment until there is none. Return the commands.

    Somebody has to be able to give each of them, it has to do something, and it has to come to an end.
    """
    typed: list[str] = []
    while command := find_advice(actors):
        typed.append(command)
        assert len(typed) <= MAX_STEPS, f"the suggestions lead in a circle: {typed}"
        actors.said_no = None
        done = any(type_command(actors, command, how) for how in list_typists())
        if not done and actors.said_no and {each.code for each in actors.said_no.problems} <= _OF_PLAN:
            # Only a plan shows it, and `status` makes none.
            typed.append(actors.said_no.problems[0].hint)
            done = any(type_command(actors, typed[-1], how) for how in list_typists())
        assert done, f"nobody can do what is suggested: {typed}, last refused with {actors.said_no}"
    return typed


def _fix_drift(actors: Actors, what: str, how: How) -> bool:
    """Give it as the two commands that it consists of: the account of the laws knows no others."""
    found = actors.gives("drift", what, lambda ports: check_drift(ports, [what]), how)
    if found is None or any(each.unknown for each in found.environments):
        return False
    drifted = [each for each in found.environments if each.drifted]
    fix = partial(fix_environment, wishes=how.wishes)
    mended = [actors.gives("apply", what, partial(fix, found=each), how) for each in drifted]
    if any(each is not None and "E330" in {problem.code for problem in each.problems} for each in mended):
        # No plan holds it: the answer says to undo it by hand, and to check again.
        assert f"envctl drift {what} --fix" not in {find_advice(actors), explain_refusal(actors.here.ports, what).next}
        actors.shared.terraform.drifted.clear()
        actors.looks_for_drift(what, how)
        return True
    return all(each is not None and each.deployed is not None for each in mended)


def find_advice(actors: Actors) -> str:
    """The first command that `status` names, or else `why` of any environment."""
    ports = actors.here.ports
    status = load_status(ports)
    if found := next((each.next for each in status.all_environments if each.next), ""):
        return found
    answers = (explain_refusal(ports, each.environment).next for each in status.all_environments)
    return next((command for each in answers if (command := find_command(each))), "")


def _is_value(words: list[str], word: str) -> bool:
    at = words.index(word)
    return at > 0 and words[at - 1] in {"--release", "--to", "--gate", "--stack", "--unseen"}


def _find_value(words: list[str], option: str) -> str:
    at = words.index(option) + 1
    return words[at] if at < len(words) else ""
