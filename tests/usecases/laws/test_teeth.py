"""The laws of promotion notice each rule of the ledger, the store and the surroundings that is gone."""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from envctl.domain.config.gates import Gates
from tests.usecases import forgeries, project_text
from tests.usecases.commands import PLAINLY, How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.oracle import oracle
from tests.usecases.laws.oracle.rulebook import Rules
from tests.usecases.laws.teeth import RULES, TEMPTING, temptations_of, tempted, without
from tests.usecases.laws.temptations import attacks, environment_edits, old_jobs, resets, rule_edits, temptations
from tests.usecases.laws.temptations.temptations import Temptation

ORACLE = (*sorted(Path(oracle.__file__).parent.glob("[!_]*.py")), Path(project_text.__file__))
JUDGED = (
    "envctl.domain.ledger.projection",
    "envctl.domain.guards",
    "envctl.domain.rules.environment_rules",
    "envctl.domain.ledger.people.person_names",
    "envctl.usecases",
)

GROUPS: dict[str, Mapping[str, Temptation]] = {
    "machines and store": attacks.OF_MACHINES,
    "releases": old_jobs.OF_AGE,
    "names": rule_edits.OF_NAMES,
    "authors": temptations.OF_AUTHORS,
    "tokens": forgeries.OF_TOKENS,
    "rules": TEMPTING["the double question"],
    "order": rule_edits.OF_THE_ORDER,
    "resets": resets.OF_RESETS,
    "environments": environment_edits.OF_ENVIRONMENTS,
    "stacks": TEMPTING.get("the word for what leaves", {}),
}
BY_DAY = ("machines and store", "releases", "names", "authors", "tokens")
"""Those before which no whole promotion has to be made."""

BY_NIGHT = ("rules", "environments", "stacks")
"""The longest. By day their guards have tables, and `test_rule_that_is_gone_is_noticed` makes each attempt."""

LONG_RULES = (
    "what the ledger never deployed",
    "the environments that are gone",
    "the clearing of the work folder",
    "the persons who withdraw a reset",
)


BREAKING = {
    "the name of a checkpoint": "a checkpoint is forged",
    "the witness": "the store loses its last entry",
    "the owner of the store": "another project has the same store",
    "the name of a release": "a bundle is another",
    "the name of an approved plan": "the approved plan is another",
    "the pins of providers": "who promotes has another provider",
    "the pins where drift is looked for": "who looks for drift has another provider",
    "the record of replaced providers": "dev has another provider",
    "the end of approvals with their deployment": "what was approved once is done twice",
    "the authors since the deployment": "an author's change comes with another release",
    "the count by author": "two authors approve for each other, and one is missing",
    "the authors of settings": "who wrote the settings has approved",
    "the person who promotes": "who promotes has approved",
    "the machines that rules name": "promoted by a schedule",
    "the end of approvals with a hold": "the release was rolled back",
}
"""What comes first where a rule is gone: the one that breaks it. The others need not be tried then."""


def order_temptations(rule: str) -> Mapping[str, Temptation]:
    every = temptations_of(rule)
    return {name: every[name] for name in (BREAKING.get(rule, next(iter(every))), *every)}


def mark_slow(name: str, *, slow: bool) -> ParameterSet:
    night = [pytest.mark.night] if name in (*BY_NIGHT, *LONG_RULES) else []
    return pytest.param(name, marks=[pytest.mark.slow, *night] if slow or night else [])


def is_slow(temptations: Mapping[str, Temptation]) -> bool:
    return not any(temptations is GROUPS[name] for name in BY_DAY)


@pytest.mark.parametrize("file", ORACLE, ids=[file.stem for file in ORACLE])
def test_oracle_imports_nothing_that_it_judges(file: Path) -> None:
    tree = ast.parse(file.read_text())
    found = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert found
    assert not [module for module in found if module.startswith(JUDGED)]


CALLED = {"approvals": "gates"}
"""What the oracle calls a field of Gates, if not by its name."""
UNJUDGED = {
    "reviewers": "says where reviewers of a GitHub job count, and asks for nothing",
    "review_days": "needs a person who reviews, and the people of the laws do not: test_waivers.py judges it",
    "rehearsed": "warns unless a project asks for more: what the laws let people do does not touch it",
}


def test_oracle_knows_every_field_of_gates() -> None:
    known = {each.name for each in fields(Rules)}
    unknown = {CALLED.get(name, name) for name in Gates.model_fields.keys() - UNJUDGED.keys()} - known
    where = "add it to Rules in oracle/rulebook.py and to oracle/verdict.py, or to UNJUDGED with a reason"
    assert not unknown, f"the oracle of the laws does not know {', '.join(sorted(unknown))}: {where}"
    text = "".join(file.read_text() for file in ORACLE)
    ignored = {name for name in known if f"rules.{name}" not in text}
    assert not ignored, f"the oracle of the laws does not judge by {', '.join(ignored)}: use it in oracle/verdict.py"


@pytest.mark.parametrize("group", [mark_slow(name, slow=is_slow(each)) for name, each in GROUPS.items()])
def test_no_temptation_succeeds(group: str) -> None:
    assert not [(name, broken) for name, broken in tempted(GROUPS[group]) if broken]


@pytest.mark.parametrize("rule", [mark_slow(name, slow=is_slow(temptations_of(name))) for name in RULES])
def test_rule_that_is_gone_is_noticed(rule: str) -> None:
    with without(rule):
        assert any(broken for _, broken in tempted(order_temptations(rule)))


@contextmanager
def stage() -> Iterator[Actors]:
    actors = Actors({"staging": frozenset(), "prod": frozenset()})
    try:
        yield actors
    finally:
        actors.leave()


# Else it would be no wonder that what comes close to them is refused.
BY_THE_BOOK: dict[str, Callable[[Actors, How], None]] = {
    "approved in the role": partial(rule_edits.claim, name="vouched"),
    "approved in jobs": partial(rule_edits.claim, name="job", kind="the business in jobs"),
    "promoted by a job": partial(forgeries.promotes_as, name="job"),
}


@pytest.mark.parametrize("act", BY_THE_BOOK.values(), ids=BY_THE_BOOK.keys())
def test_those_whom_aws_or_github_vouches_for_count(act: Callable[[Actors, How], None]) -> None:
    with stage() as actors:
        act(actors, PLAINLY)
    assert actors.oracle.places["prod"].current
    assert not actors.oracle.broken


@pytest.mark.slow
def test_reset_counts_once_its_delay_is_over() -> None:
    with stage() as actors:
        resets.reset(timedelta(days=7))(actors, PLAINLY)
    recorded = actors.oracle.places["prod"].asked
    assert recorded and not recorded.rules.gates
    assert not actors.oracle.broken
