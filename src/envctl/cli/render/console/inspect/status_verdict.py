"""The first line of `envctl status`: what each environment runs, and what is not as it should be."""

from collections.abc import Iterator

from envctl.cli.render.terminal.counting import format_count
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.status import EnvironmentStatus, Status

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
        predicates = tuple(map(_to_plural, predicates))
    return f"{join_names(environments)} {join_names(predicates)}"


def _to_plural(predicate: str) -> str:
    verb, _, rest = predicate.partition(" ")
    return f"{_PLURAL_VERBS[verb]} {rest}"


def _list_predicates(status: EnvironmentStatus) -> Iterator[str]:
    """Yield what is true of the environment, each with a verb."""
    state = status.present
    unhealthy = [*_list_faults(status)]
    if state.current is None:
        if not unhealthy:
            yield "is empty"
    elif status.lag:
        yield f"is {format_count(status.lag, 'release')} behind"
    elif status.lag == 0 and not unhealthy and not status.has_changed:
        yield "is up to date"
    else:
        yield f"runs {shorten_id(state.current.release)}"
    yield from unhealthy
    if state.lock:
        yield "is locked"
    if status.has_changed:
        yield "has pending changes"


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
