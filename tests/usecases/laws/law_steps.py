"""Steps of the laws of promotion: what people edit between two commands, and what they are tempted to."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.usecases import forgeries
from tests.usecases.commands import How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.draws import CLOCKS, PLANTED, environments, people, tempted
from tests.usecases.laws.editors import PLACES
from tests.usecases.laws.machines import LEAVING
from tests.usecases.laws.temptations import (
    attacks,
    environment_edits,
    old_jobs,
    resets,
    rule_edits,
    stack_edits,
    temptations,
)
from tests.usecases.laws.temptations.rule_changes import LESS, MORE, SHAPES
from tests.usecases.laws.temptations.temptations import Temptation
from tests.usecases.project_text import Third

RULES = {**LESS, **MORE}


def _one_of(*tables: dict[str, Temptation]) -> st.SearchStrategy[Temptation]:
    return st.sampled_from([temptation for table in tables for temptation in table.values()])


class Edited(RuleBasedStateMachine):
    """Whatever can be written between any two commands."""

    actors: Actors

    @rule(number=st.integers(0, 5))
    def edits_code(self, number: int) -> None:
        self.actors.edits_code(str(number))

    @rule(of=environments, number=st.integers(1, 3))
    def edits_settings(self, of: str, number: int) -> None:
        self.actors.edits_settings(of, number)

    @rule(number=st.integers(1, 3), author=people)
    def writes_settings(self, number: int, author: str) -> None:
        self.actors.writes_settings("prod", number, author)

    @rule(of=environments, number=st.integers(0, 3))
    def edits_settings_of_a_stack(self, of: str, number: int) -> None:
        self.actors.edits_stack_settings(of, number)

    @rule(key=st.sampled_from(sorted(PLACES)), number=st.integers(0, 2))
    def edits_place(self, key: str, number: int) -> None:
        self.actors.edits_place(key, number)

    @rule(name=st.sampled_from(sorted(RULES)), kind=st.sampled_from(["staging", "prod", "prod"]), back=st.booleans())
    def edits_rules(self, name: str, kind: str, back: bool) -> None:
        asked = self.actors.book if back else self.actors.shared.asked
        self.actors.asks(asked.edit(kind, RULES[name]))

    @rule(name=st.sampled_from(sorted(SHAPES)), back=st.booleans())
    def edits_environments(self, name: str, back: bool) -> None:
        self.actors.asks(SHAPES[name](self.actors.book if back else self.actors.shared.asked))

    @rule()
    def puts_rules_back(self) -> None:
        self.actors.asks(self.actors.book)

    @precondition(lambda _: LEAVING)
    @rule(third=st.sampled_from([*stack_edits.CHANGES.values(), *[stack_edits.OBJECTS] * 4]))
    def changes_stacks(self, third: Third) -> None:
        self.actors.has_third(third)

    @rule(path=st.sampled_from(PLANTED), number=st.integers(0, 2))
    def plants_a_file(self, path: str, number: int) -> None:
        self.actors.plants(path, number)

    @rule(of=environments)
    def plants_in_the_work_folder(self, of: str) -> None:
        self.actors.plants_in_work_folder(of)

    @rule(number=st.integers(1, 3))
    def edits_common_settings(self, number: int) -> None:
        self.actors.edits_common(number)

    @rule(of=environments)
    def leaves_size_to_all(self, of: str) -> None:
        self.actors.leaves_size_to_all(of)

    @rule(off=st.sampled_from(CLOCKS), here=st.booleans())
    def a_clock_goes_wrong(self, off: timedelta, here: bool) -> None:
        (self.actors.here if here else self.actors.elsewhere).has_clock_off(off)


class Tempted(RuleBasedStateMachine):
    """All is as the book says, but for one thing."""

    actors: Actors

    @rule(temptation=_one_of(temptations.OF_ORDER), how=tempted)
    def is_tempted_out_of_order(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(temptations.OF_PROOF), how=tempted)
    def is_tempted_without_proof(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(old_jobs.OF_AGE), how=tempted)
    def is_tempted_by_old_jobs(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(temptations.OF_PEOPLE), how=tempted)
    def is_tempted_by_people(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(temptations.OF_PROD), how=tempted)
    def is_tempted_in_prod(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(attacks.OF_THE_STORE), how=tempted)
    def is_tempted_by_clocks_and_store(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(attacks.OF_VARIABLES, attacks.OF_FILES), how=tempted)
    def is_tempted_by_variables_and_files(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(rule_edits.OF_RULES, rule_edits.OF_MORE, rule_edits.OF_STAGING), how=tempted)
    def is_tempted_by_rules(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(rule_edits.OF_THE_ORDER, environment_edits.OF_ENVIRONMENTS), how=tempted)
    def is_tempted_by_environments(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(rule_edits.OF_NAMES, forgeries.OF_TOKENS), how=tempted)
    def is_tempted_by_names(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @rule(temptation=_one_of(resets.OF_RESETS), how=tempted)
    def is_tempted_by_resets(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)

    @precondition(lambda _: LEAVING)
    @rule(temptation=_one_of(stack_edits.OF_STACKS), how=tempted)
    def is_tempted_by_stacks(self, temptation: Temptation, how: How) -> None:
        temptation(self.actors, how)
