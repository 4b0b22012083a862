import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.project import Gates, State
from envctl.domain.project_rules import faults
from envctl.domain.references import Reference
from tests.unit.type_strategies import names

indexes = st.one_of(
    st.integers(0, 99).map(lambda at: f"[{at}]"), names.map(lambda name: f'["{name}"]'), names.map(".{}".format)
)


@given(names, names, st.lists(indexes, max_size=3).map("".join))
def test_a_reference_survives_being_written_and_read(stack: str, output: str, path: str) -> None:
    reference = Reference.parse(f"{stack}.{output}{path}")
    assert (reference.stack, reference.output, reference.path) == (stack, output, path)
    assert Reference.parse(str(reference)) == reference
    assert reference.expression() == f"data.terraform_remote_state.{stack}.outputs.{output}{path}"


@pytest.mark.parametrize(
    "text",
    ["", "network", "network.", ".x", "Network.x", "network.x[", "network.x[-1]", "network.x[y]", 'network.x["${y}"]',
     "network.x + 1", "network.x\n", "network.x }", 'network.x["a"]["]', "${network.x}", "network.x()"],
)  # fmt: skip
def test_nothing_else_is_a_reference(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not of the form stack\.output"):
        Reference.parse(text)


@pytest.mark.parametrize("bucket", ["{team}", "{}", "{0}", "{project", "{project.name}", "{project!r}", "{project:>9}"])
def test_a_bucket_holds_known_placeholders_only(bucket: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="no other braces"):
        State(bucket=bucket)


def test_no_gate_lets_people_approve_their_own_work_by_default() -> None:
    assert Gates().self_approval is False


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
tables = st.sampled_from(["pipeline", "environments", "stacks", "artifacts"])


@given(st.dictionaries(tables, json_like | st.dictionaries(st.sampled_from(["order", "inputs", "a"]), json_like)))
def test_the_rules_between_tables_stand_any_document(document: dict[str, object]) -> None:
    faults(document)
