from datetime import timedelta
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.config.cross_checks import find_faults
from envctl.domain.config.gates import Gates, WindowTable
from envctl.domain.config.project import Project, State
from envctl.domain.config.rules.guard_codes import NEVER_WAIVED, GuardCode
from envctl.domain.config.stateful_types import STATEFUL
from envctl.domain.rules.document import find_rules
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.terraform.expressions import OutputReference
from tests.unit.terraform.type_strategies import names

indexes = st.one_of(
    st.integers(0, 99).map(lambda at: f"[{at}]"), names.map(lambda name: f'["{name}"]'), names.map(".{}".format)
)


@given(names, names, st.lists(indexes, max_size=3).map("".join))
def test_reference_survives_formatting(stack: str, output: str, path: str) -> None:
    reference = OutputReference.parse(f"{stack}.{output}{path}")
    assert (reference.stack, reference.output, reference.path) == (stack, output, path)
    assert OutputReference.parse(str(reference)) == reference
    assert reference.to_expression() == f"data.terraform_remote_state.{stack}.outputs.{output}{path}"


@pytest.mark.parametrize(
    "text",
    ["", "network", "network.", ".x", "Network.x", "network.x[", "network.x[-1]", "network.x[y]", 'network.x["${y}"]',
     "network.x + 1", "network.x\n", "network.x }", 'network.x["a"]["]', "${network.x}", "network.x()"],
)  # fmt: skip
def test_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not of the form stack\.output"):
        OutputReference.parse(text)


@pytest.mark.parametrize("bucket", ["{team}", "{}", "{0}", "{project", "{project.name}", "{project!r}", "{project:>9}"])
def test_bucket_accepts_known_placeholders_only(bucket: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="no other braces"):
        State(bucket=bucket)


def test_self_approval_is_off_by_default() -> None:
    assert Gates().self_approval is False


USUAL = {"peer": 1, "business": 1, "quality": 1}


def project(*order: str, gates: dict[str, Any] | None = None, **more: Any) -> Project:
    """A project in which the last environment has these gates, if any."""
    environments: dict[str, Any] = {name: {} for name in order}
    if gates is not None:
        environments[order[-1]] = {"gates": gates}
    document = {
        "project": {"name": "shop"},
        "pipeline": {"order": list(order)},
        "environments": environments,
        "stacks": {"network": {"module": "modules/vpc"}},
    }
    return Project.model_validate(document | more)


THREE = ("dev", "staging", "prod")
APPROVALS: dict[str, tuple[Project, str, dict[str, int]]] = {
    "the last of three asks for the usual gates": (project(*THREE), "prod", USUAL),
    "the last of two does too": (project("dev", "prod"), "prod", USUAL),
    "it does when it says other things": (project(*THREE, gates={"soak": "24h"}), "prod", USUAL),
    "it asks for what it says instead": (project(*THREE, gates={"approvals": {"cab": 2}}), "prod", {"cab": 2}),
    "it asks for nothing where it says so": (project(*THREE, gates={"approvals": {}}), "prod", {}),
    "one in the middle asks for them too": (project(*THREE), "staging", USUAL),
    "a second prod asks for them": (project(*THREE, "prod-us"), "prod-us", USUAL),
    "the first prod keeps them beside a second": (project(*THREE, "prod-us"), "prod", USUAL),
    "it keeps them where the second sets its own": (project(*THREE, "prod-us", gates={"approvals": {}}), "prod", USUAL),
    "the first asks for nothing": (project(*THREE), "dev", {}),
    "an only one asks for nothing": (project("dev"), "dev", {}),
    "an only one asks for what it says": (project("dev", gates={"approvals": {"peer": 1}}), "dev", {"peer": 1}),
}


@pytest.mark.parametrize(("of", "environment", "approvals"), APPROVALS.values(), ids=APPROVALS.keys())
def test_environment_requires_its_number_of_approvals(of: Project, environment: str, approvals: dict[str, int]) -> None:
    assert find_rules(of, environment).approvals == approvals


PARITY: dict[str, tuple[Project, str, frozenset[str] | None]] = {
    "the last two are compared": (project(*THREE, parity={"may_differ": ["size"]}), "prod", frozenset({"size"})),
    "nothing may differ where nothing is listed": (project(*THREE, parity={}), "prod", frozenset()),
    "nothing is compared without a word about it": (project(*THREE), "prod", None),
    "one right after the entry is not compared": (project(*THREE, parity={}), "staging", None),
    "it is compared where it is protected": (
        project(*THREE, parity={}, environments={"dev": {}, "staging": {"protected": True}, "prod": {}}),
        "staging",
        frozenset(),
    ),
    "it is compared where it is named": (project(*THREE, parity={"environments": ["staging"]}), "staging", frozenset()),
    "it is compared where nothing comes after it": (project("dev", "prod", parity={}), "prod", frozenset()),
    "one that is not named is not compared": (project(*THREE, parity={"environments": ["staging"]}), "prod", None),
    "the first prod is compared beside a second": (project(*THREE, "prod-us", parity={}), "prod", frozenset()),
    "a second prod is compared with the first": (project(*THREE, "prod-us", parity={}), "prod-us", frozenset()),
    "an only one has nothing to be compared with": (project("dev", parity={}), "dev", None),
}


@pytest.mark.parametrize(("of", "environment", "may_differ"), PARITY.values(), ids=PARITY.keys())
def test_settings_that_may_differ_are_found(of: Project, environment: str, may_differ: frozenset[str] | None) -> None:
    assert find_rules(of, environment).may_differ == may_differ


def test_environment_without_gates_gets_usual_gates() -> None:
    usual = Rules(approvals=USUAL, is_usual=True, max_destroys=5, stateful=STATEFUL)
    assert find_rules(project(*THREE), "staging") == usual


def test_entry_without_gates_gets_no_gates() -> None:
    assert find_rules(project(*THREE), "dev") == Rules(max_destroys=5, stateful=STATEFUL)


@pytest.mark.parametrize(
    ("gates", "is_usual"),
    [(None, True), ({"soak": "24h"}, True), ({"approvals": {}}, False), ({"approvals": USUAL}, False)],
)
def test_usual_gates_apply_only_without_written_gates(gates: dict[str, Any] | None, *, is_usual: bool) -> None:
    assert find_rules(project(*THREE, gates=gates), "prod").is_usual is is_usual


def test_rules_hold_all_gates_of_the_environment() -> None:
    gates = {
        "approvals": {"peer": 2, "quality": 1},
        "reviewers": "quality",
        "self_approval": True,
        "expires": "8h",
        "soak": "24h",
        "max_age": "14d",
        "windows": [{"kind": "deny", "name": "year end", "start": "2026-12-20", "end": "2027-01-04"}],
        "waivable": ["soak", "G107"],
        "committed": True,
        "rehearsed": "off",
    }
    said = {"protected": True, "max_destroys": 2, "gates": gates}
    of = project("dev", "prod", environments={"dev": {}, "prod": said}, protection={"stateful": ["aws_instance"]})
    assert find_rules(of, "prod") == Rules.model_construct(
        approvals={"peer": 2, "quality": 1},
        reviewers="quality",
        self_approval=True,
        expires=timedelta(hours=8),
        soak=timedelta(hours=24),
        max_age=timedelta(days=14),
        windows=(WindowTable(kind="deny", name="year end", start="2026-12-20", end="2027-01-04"),),
        waivable=(GuardCode.SOAK, GuardCode.WINDOW),
        committed=True,
        rehearsed="off",
        may_differ=None,
        protected=True,
        max_destroys=2,
        stateful=STATEFUL | {"aws_instance"},
    )
    assert find_rules(of, "dev") == Rules(max_destroys=5, stateful=STATEFUL | {"aws_instance"})


@pytest.mark.parametrize(
    ("name", "code"), [(each.guard, each) for each in GuardCode], ids=[each.guard for each in GuardCode]
)
def test_guard_is_waivable_by_name_and_code(name: str, code: str) -> None:
    for spelling in (name, code):
        if code in NEVER_WAIVED:
            with pytest.raises(
                pydantic.ValidationError, match=f"must not contain {spelling}, because it can't be waived"
            ):
                Gates.model_validate({"waivable": [spelling]})
        else:
            assert Gates.model_validate({"waivable": [spelling]}).waivable == (code,)


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
tables = st.sampled_from(["pipeline", "environments", "stacks", "artifacts"])


@given(st.dictionaries(tables, json_like | st.dictionaries(st.sampled_from(["order", "inputs", "a"]), json_like)))
def test_any_document_is_checked_without_an_error(document: dict[str, object]) -> None:
    find_faults(document)
