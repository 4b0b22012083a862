"""No sequence of deployments, splits, removals, rollbacks and kills loses a topic that all releases in it have."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from envctl.domain.errors import EnvctlError, OperationFailedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.cloud import CloudTerraform, format_import, format_removed, format_topic
from tests.fakes.terraform import Killed
from tests.fakes.world import World

HEAD = """
[project]
name = "shop"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
[environments.prod]
gates = { approvals = {} }
"""
TOPICS, STACKS = ("a", "b"), ("web", "two", "three")
Layout = Mapping[str, str]
"""The stack of each topic."""


class Shop:
    """A project of topics in stacks, deployed to two environments."""

    def __init__(self) -> None:
        self.world = World()
        self.terraform = CloudTerraform(self.world.workspace)
        self.world.terraform = self.terraform
        self.world.tree.content.clear()
        self.layout: Layout = {}
        self.releases: dict[str, Layout] = {}
        self.kept: dict[str, dict[str, int]] = {"dev": {}, "prod": {}}

    def edit(self, layout: Layout, *, carefully: bool = True, fate: str = "", order: int = 1) -> None:
        """Move the topics to these stacks, `carefully` with blocks that forget and import. A stack without a topic
        leaves, with its fate.
        """
        before, self.layout = self.layout, layout
        stacks = ["web", *sorted({*layout.values()} - {"web"})]
        for stack in stacks:
            parts = [format_topic(topic) for topic, place in layout.items() if place == stack]
            for topic in layout if carefully else ():
                if before.get(topic) and before[topic] != layout[topic]:
                    parts += [format_import(topic)] if layout[topic] == stack else []
                    parts += [format_removed(topic)] if before[topic] == stack else []
            self.world.edit(f"live/{stack}/main.tf", "".join(parts) or "locals {}\n")
        tables = [f'[stacks.{each}]\nroot = "live/{each}"\n' for each in stacks]
        for first, second in zip(stacks[::order], stacks[::order][1:], strict=False):
            tables[stacks.index(second)] += f'after = ["{first}"]\n'
        left = [f'[removed.{each}]\nthen = "{fate}"\n' for each in STACKS if each not in stacks and fate]
        self.world.edit("envctl.toml", HEAD + "".join((*tables, *left)))

    def deploy(self, environment: str) -> None:
        ports = self.world.ports
        done = apply(ports, "dev") if environment == "dev" else promote(ports, "dev", "prod")
        self.releases.setdefault(done.release, self.layout)
        self.check(environment, done)

    def roll_back(self, environment: str) -> None:
        self.check(environment, rollback(self.world.ports, environment))

    def check(self, environment: str, done: DeploymentResult) -> None:
        there, layout = self.terraform.cloud[environment], self.releases[done.release]
        assert layout.keys() <= there.keys()
        self.keep(environment, layout)
        self.kept[environment] = {name: there[name] for name in layout}

    def keep(self, environment: str, layout: Layout) -> None:
        """Check that no topic of all releases since the last success was destroyed, nor created again."""
        there = self.terraform.cloud[environment]
        self.kept[environment] = {name: made for name, made in self.kept[environment].items() if name in layout}
        assert self.kept[environment].items() <= there.items()

    def attempt(self, what: str, environment: str, dies_before: int) -> None:
        """Deploy or roll back. A refusal changes nothing."""
        self.terraform.dies_before = dies_before
        before = dict(self.terraform.cloud.get(environment, {}))
        try:
            self.deploy(environment) if what == "deploy" else self.roll_back(environment)
        except Killed:
            last = journal.load(self.world.ports).find_environment(environment).last
            assert last is not None
            self.keep(environment, self.releases.setdefault(last.release, self.layout))
            self.terraform.dies_before = -1
            with suppress(EnvctlError):
                recover(self.world.ports, environment)
        except EnvctlError as error:
            assert self.terraform.cloud.get(environment, {}) == before, error
        self.terraform.dies_before = -1


places = st.dictionaries(st.sampled_from(TOPICS), st.sampled_from(STACKS), min_size=1)
edits = st.tuples(st.just("edit"), places, st.booleans(), st.sampled_from(["", "destroy", "forget"]))
environments = st.sampled_from(["dev", "prod"])
deployments = st.tuples(
    st.sampled_from(["deploy", "deploy", "roll back"]), environments, st.sampled_from([-1, -1, -1, 0, 1, 2])
)


@given(st.lists(edits | deployments, min_size=3, max_size=12))
def test_no_sequence_loses_a_topic_of_its_releases(steps: list[tuple[str, object, object]]) -> None:
    shop = Shop()
    shop.edit({"a": "web", "b": "web"})
    shop.attempt("deploy", "dev", -1)
    shop.attempt("deploy", "prod", -1)
    for step in steps:
        if step[0] == "edit":
            _, layout, carefully, fate = step  # type: ignore[misc]
            shop.edit(layout, carefully=carefully, fate=fate)
        else:
            shop.attempt(*step)  # type: ignore[arg-type]


def split() -> Shop:
    """prod runs the release before the split, then the one after it."""
    shop = Shop()
    for layout in ({"a": "web", "b": "web"}, {"a": "web", "b": "two"}):
        shop.edit(layout)
        shop.deploy("dev")
        shop.deploy("prod")
    return shop


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_rollback_across_a_split_is_refused(environment: str) -> None:
    shop = split()
    entries = len(shop.world.store.content)
    (problem,) = catch(OperationFailedError, lambda: shop.roll_back(environment)).problems
    assert (problem.code, len(shop.world.store.content)) == ("E382", entries)


def refuse(act: Callable[[], object]) -> str:
    """Return the message and the hint of the refusal."""
    (problem,) = catch(OperationFailedError, act).problems
    assert problem.code == "E382"
    return f"{problem.message}\n{problem.hint}"


def test_hint_has_the_lines_that_keep_it(snapshot: SnapshotAssertion) -> None:
    left, moved, both = split(), split(), split()
    left.edit({"a": "web", "b": "web"}, carefully=False)
    moved.edit({"a": "two", "b": "two"}, carefully=False)
    both.edit({"a": "two", "b": "web"}, carefully=True)
    both.deploy("dev")
    both.deploy("prod")
    assert snapshot == {
        "a rollback, and the stack leaves": refuse(lambda: split().roll_back("prod")),
        "a stack leaves": refuse(lambda: left.deploy("dev")),
        "a stack loses it from its code": refuse(lambda: moved.deploy("dev")),
        "a rollback, and both stacks stay": refuse(lambda: both.roll_back("prod")),
    }


def test_plan_warns_of_the_loss() -> None:
    shop = split()
    shop.edit({"a": "web", "b": "web"}, carefully=False)
    plan, _ = plan_environment(shop.world.ports, "dev")
    assert [any("E382" in text for text in each.warnings) for each in plan.stacks] == [True, True]
