"""Laws of values for one stack: the nearest place wins, and no other stack sees it."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.settings.resolution import resolve_settings
from envctl.domain.settings.settings import EnvironmentSettings, SetValue
from envctl.domain.terraform.variables import SettingsFile
from tests.unit.settings.test_settings import file_of, variable

STACKS = ("a", "b", "c")
NAMES = ("x", "environment")
BUILTIN = {"environment": "dev"}
DEFAULT = "default"
values = st.sampled_from(["1", "2", "3"])
by_name = st.dictionaries(st.sampled_from(NAMES), values, max_size=2)
by_stack = st.dictionaries(st.sampled_from(STACKS), by_name, max_size=3)


@dataclass(frozen=True)
class Written:
    """What people wrote: values by name for all stacks, and by stack and name."""

    common: dict[str, str]
    shared: dict[str, str]
    own: dict[str, dict[str, str]]
    given: dict[str, dict[str, str]]

    def resolve(self) -> EnvironmentSettings:
        own = [
            replace(file_of(names, f"environments/dev/{stack}.tfvars"), stack=stack)
            for stack, names in self.own.items()
        ]
        files: list[SettingsFile] = [file_of(self.common, "environments/common.tfvars"), file_of(self.shared), *own]
        return resolve_settings(
            "dev",
            {stack: tuple(variable(name, default=DEFAULT) for name in NAMES) for stack in STACKS},
            files,
            builtin=BUILTIN,
            wired={},
            artifacts={},
            may_set_artifacts=True,
            set_values={s: {n: SetValue(value) for n, value in names.items()} for s, names in self.given.items()},
        )

    def expect(self, stack: str, name: str) -> str:
        places = (self.given.get(stack, {}), self.own.get(stack, {}), BUILTIN, self.shared, self.common)
        return next((place[name] for place in places if name in place), DEFAULT)


@st.composite
def written(draw: st.DrawFn) -> Written:
    """Draw what envctl accepts: contradictions have errors of their own."""
    given_values = draw(by_stack)
    own = {
        stack: {name: value for name, value in names.items() if name not in given_values.get(stack, {})}
        for stack, names in draw(by_stack).items()
    }
    is_unused = all("x" in given_values.get(stack, {}) for stack in STACKS)
    common, shared = ({} if is_unused else draw(st.dictionaries(st.just("x"), values)) for _ in range(2))
    return Written(common, shared, own, given_values)


def value_of(found: EnvironmentSettings, stack: str, name: str) -> object:
    return found.arguments[stack].get(name, DEFAULT)


@given(written())
def test_nearest_place_wins(case: Written) -> None:
    found = case.resolve()
    for stack in STACKS:
        for name in NAMES:
            assert value_of(found, stack, name) == case.expect(stack, name)


@given(written(), st.sampled_from(STACKS), by_name)
def test_value_for_one_stack_reaches_no_other(case: Written, stack: str, names: dict[str, str]) -> None:
    free = {name: value for name, value in names.items() if name not in case.given.get(stack, {})}
    one, other = case.resolve(), replace(case, own={**case.own, stack: free}).resolve()
    assert all(one.arguments[each] == other.arguments[each] for each in STACKS if each != stack)


@given(written())
def test_each_value_is_listed_once_for_its_stack(case: Written) -> None:
    found = case.resolve()
    listed = [(stack, each.name) for each in found.settings for stack in each.stacks]
    assert sorted(listed) == [(stack, name) for stack in STACKS for name in sorted(NAMES)]
    for each in found.settings:
        assert {value_of(found, stack, each.name) for stack in each.stacks} == {each.value}


@given(written(), by_stack)
def test_digest_covers_files_and_not_set_values(case: Written, others: dict[str, dict[str, str]]) -> None:
    """Other values under the same names: of `set` they are another release, of a file they are other settings."""
    changed = {s: {n: others.get(s, {}).get(n, v) for n, v in names.items()} for s, names in case.given.items()}
    assert replace(case, given=changed).resolve().digest(()) == case.resolve().digest(())
    own = {s: {n: others.get(s, {}).get(n, v) for n, v in names.items()} for s, names in case.own.items()}
    assert (replace(case, own=own).resolve().digest(()) == case.resolve().digest(())) == (own == case.own)
