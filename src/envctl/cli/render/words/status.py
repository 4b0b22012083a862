"""The state of the pipeline: a verdict, how far each environment lags, and what to do next."""

from collections.abc import Iterator
from datetime import datetime

from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.text.times import format_age, format_future
from envctl.cli.render.words.attention import PROGRAM, list_attention_items
from envctl.cli.render.words.tones import Tone
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.status import EnvironmentStatus, Status

UP_TO_DATE = "Nothing to do: every environment is up to date."
_PLURAL_VERBS = {"is": "are", "has": "have", "runs": "run"}


def format_status_verdict(status: Status) -> str:
    """Return a clause for each environment in order; environments of the same condition share one."""
    clauses: dict[tuple[str, ...], list[str]] = {}
    for each in status.all_environments:
        clauses.setdefault(tuple(_list_predicates(each)), []).append(each.environment)
    texts = [_format_clause(names, predicates) for predicates, names in clauses.items()]
    return f"{'; '.join(texts)}." if texts else "No environments."


def _format_clause(environments: list[str], predicates: tuple[str, ...]) -> str:
    if len(environments) > 1:
        parts = (each.partition(" ") for each in predicates)
        predicates = tuple(f"{_PLURAL_VERBS[verb]} {rest}" for verb, _, rest in parts)
    return f"{join_names(environments)} {join_names(predicates)}"


def _list_predicates(status: EnvironmentStatus) -> Iterator[str]:
    """Yield what is true of the environment, each with a verb."""
    state = status.present
    unhealthy = [*_list_faults(status)]
    if state.current is None:
        if not unhealthy:
            yield "is empty"
    elif status.lag:
        yield f"is {format_count(status.lag, 'release')} behind"
    elif status.lag == 0 and not unhealthy and not status.has_changed and not status.moved:
        yield "is up to date"
    else:
        yield f"runs {shorten_id(state.current.release)}"
    yield from unhealthy
    if state.lock:
        yield "is locked"
    if status.has_changed:
        yield "has pending changes"
    if status.moved:
        yield "has another place in envctl.toml"


def _list_faults(status: EnvironmentStatus) -> Iterator[str]:
    state = status.present
    if status.running:
        yield "has a running deployment"
    elif state.last is not None and state.last.outcome != "succeeded":
        outcome = "failed" if state.last.outcome == "abandoned" else state.last.outcome
        yield f"has {'an' if outcome[0] in 'aeiou' else 'a'} {outcome} deployment"
    elif state.open_shifts or state.imports:
        yield "has an unfinished deployment"
    if state.drifted:
        yield "has drifted"
    elif state.current_evidence is not None and not state.current_evidence.verified:
        yield "is not verified"


def count_missing_approvals(status: EnvironmentStatus) -> dict[str, int]:
    """Return the number of missing approvals by gate of the next promotion."""
    return {gate: wanted - given for gate, (given, wanted) in status.gates.items() if given < wanted}


def format_lag(status: EnvironmentStatus, before: str) -> str:
    """Describe the lag behind the previous environment."""
    if not before:
        return "first environment"
    if status.lag is None:
        return f"waits for {before}"
    if status.lag:
        return f"{format_count(status.lag, 'release')} behind {before}"
    current = status.pending is None or status.pending.is_empty
    return f"up to date with {before}" if current else f"runs the release of {before}"


def judge_state(state: EnvironmentState) -> Tone:
    """Return how an environment is: bad with failures and debts; without a tone if nothing runs."""
    if (state.last and state.last.outcome != "succeeded") or state.debts:
        return "bad"
    if state.current is None:
        return ""
    unproven = state.current_evidence is None or not state.current_evidence.verified
    return "warn" if unproven or state.lock or state.drifted else "good"


def is_destroyed(state: EnvironmentState) -> bool:
    return state.last is not None and state.last.action == "destroy" and state.last.outcome == "succeeded"


def format_no_drift(state: EnvironmentState, now: datetime) -> str:
    """Return the age of the last drift check; empty if there was none or it found drift."""
    return f"no drift, checked {format_age(state.drift.at, now)}" if state.drift and not state.drifted else ""


def pair_with_previous(status: Status) -> Iterator[tuple[EnvironmentStatus, str]]:
    """Yield each environment with the name of the previous one."""
    before = ""
    for each in status.environments:
        yield each, each.previous or before
        before = each.environment


def list_next_commands(status: Status) -> list[tuple[str, str]]:
    """Return suggested commands, each with its reason. Before entries that can't be read none would be sure to fit."""
    if status.newer:
        return []
    # What stands in one environment can hold up all that follow it.
    steps = dict.fromkeys(step for each in status.all_environments for step in _list_steps(each))
    return [(add_sandbox_flag(command), why) for command, why in steps]


def is_up_to_date(status: Status) -> bool:
    """Check that no command, warning, lag or pending change is left."""
    lagging = any(each.lag for each in status.environments)
    other = any(each.pending and not each.pending.is_empty for each in status.all_environments)
    steps = list_next_commands(status) or list_advice(status)
    items = [each for each in list_attention_items(status) if each.environment != PROGRAM]
    return not steps and not items and not lagging and not other


def list_waits(status: Status) -> list[tuple[str, str]]:
    """Return the environments that time alone opens, each with the time and the reason."""
    return [
        (f"{each.environment} opens {format_future(step.opens, status.now)}", step.reason)
        for each in status.all_environments
        for step in each.steps
        if step.opens and not step.command
    ]


def list_advice(status: Status) -> list[tuple[str, str]]:
    """Return what to do in environments that no command leads on, each with the reason."""
    found = [(each.environment, step) for each in status.all_environments for step in each.steps]
    led = [(name, step) for name, step in found if step.hint and not step.command and not step.opens]
    return [(f"{name}: {add_sandbox_flag(step.hint)}", step.reason) for name, step in led]


def _list_steps(status: EnvironmentStatus) -> Iterator[tuple[str, str]]:
    locked = "; it is locked" if status.present.lock else ""
    for step in status.steps:
        if step.command:
            yield step.command, step.reason if step.command.split()[1] == "unlock" else f"{step.reason}{locked}"
