"""Runs of plans whose documents are in a folder: jobs of a pull request have no permission to write into the store."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.run_documents import CollectedRun, RunKind
from envctl.domain.ci.shard_planner import Shard
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.collect import collect_run
from envctl.usecases.fleet.matrix import Matrix, begin_matrix_run
from envctl.usecases.fleet.shard import check_shard_drift, plan_shard, plan_units
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.explain_plan import explain_plan
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import plan_stored_release, preview_environments
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.store import MemoryStore
from tests.fakes.world import World
from tests.usecases.drift.test_drift import other_settings
from tests.usecases.fleet.many_jobs import answered, begun, checks, one_release_everywhere, plan_in, planned, units


@dataclasses.dataclass
class ReadOnlyStore(MemoryStore):
    """As for the role of a pull request: every write is refused. `hidden` keys can't be listed either."""

    tried: list[str] = dataclasses.field(default_factory=list)
    hidden: str = ""

    def create(self, key: str, data: bytes) -> None:
        self.tried.append(key)
        raise OperationFailedError(Problem("E452", f"{key} can't be written", "your credentials need s3:PutObject"))

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        if self.hidden and prefix.startswith(self.hidden):
            raise OperationFailedError(Problem("E452", f"{prefix} can't be listed"))
        return super().list_keys(prefix, after)


@pytest.fixture
def world() -> World:
    return for_pull_request(one_release_everywhere())


def for_pull_request(world: World) -> World:
    world.store = ReadOnlyStore(dict(world.store.content))
    world.results = MemoryStore()
    return world


def tried_writes(world: World) -> list[str]:
    assert isinstance(world.store, ReadOnlyStore)
    return world.store.tried


def measured(world: World, kind: RunKind) -> None:
    """A collected run in the store: each stack took so long that it gets a job of its own."""
    took = {name: {"network": 60.0, "web": 60.0} for name in ("dev", "staging", "prod")}
    run = documents.format_run_id(kind, world.clock.now(), world.nonces.new())
    done = CollectedRun(run, world.clock.now(), world.identity.identify_actor(), took)
    world.store.content[documents.format_run_key(documents.COLLECTED_FOLDER, run)] = documents.encode_document(done)


def plan_all(world: World, *names: str) -> Matrix:
    made = begin_matrix_run(world.ports, "plan", names)
    answered(world, made)
    return made


def newest_release(world: World) -> str:
    return list(journal.load(world.ports).releases)[-1]


COMMANDS: dict[str, Callable[[World], object]] = {
    "preview": lambda world: preview_environments(world.ports),
    "plan dev": lambda world: plan_environment(world.ports, "dev"),
    "plan prod": lambda world: plan_environment(world.ports, "prod"),
    "plan --explain": lambda world: explain_plan(world.ports, "dev", release=None),
    "plan --release": lambda world: plan_stored_release(world.ports, "prod", newest_release(world)),
    "plan --unit": lambda world: plan_units(world.ports, ["dev/web"]),
    "validate": lambda world: validate_project(world.ports),
    "why": lambda world: explain_refusal(world.ports, "prod"),
    "diff": lambda world: diff_environments(world.ports, "dev", "prod", patch=True),
    "status": lambda world: load_status(world.ports),
    "matrix plan --results, plan --run, collect": lambda world: planned(world, plan_all(world).run),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_of_pull_request_writes_nothing(world: World, name: str) -> None:
    world.edit("modules/network/main.tf", world.tree.content["modules/network/main.tf"].decode() + "# edited\n")
    world.job_requests.for_request = True
    toml = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", f'{toml}\n[ci]\npull_request_environments = ["staging", "prod"]\n')
    before = dict(world.store.content)
    COMMANDS[name](world)
    assert (world.store.content, tried_writes(world)) == (before, [])


class TestRunsInAFolder:
    def test_plans_equal_those_of_a_run_in_the_store(self) -> None:
        in_store, in_folder = one_release_everywhere(), one_release_everywhere()
        for each in (in_store, in_folder):
            other_settings(each, "staging")
        made = begun(in_store, kind="plan")
        answered(in_store, made)
        for_pull_request(in_folder)
        measured(in_folder, "plan")
        found, expected = planned(in_folder, plan_all(in_folder).run), planned(in_store, made.run)
        assert [plan_in(each) for each in found.environments] == [plan_in(each) for each in expected.environments]
        assert [plan_in(each).changes for each in found.environments] == [False, True, False]

    def test_folder_has_the_documents_of_its_run(self, world: World) -> None:
        made = plan_all(world, "dev")
        planned(world)
        assert world.results
        assert sorted(world.results.content) == [
            f"runs/answers/{made.run}/0001.001.json",
            f"runs/begun/{made.run}.json",
            f"runs/collected/{made.run}.json",
        ]
        with pytest.raises(OperationFailedError, match="E473"):
            collect_run(world.ports)
        assert (checks(world), tried_writes(world)) == ([], [])

    @pytest.mark.parametrize("kind", ["drift", "plan"])
    def test_last_collected_run_of_the_store_splits_it(self, world: World, kind: RunKind) -> None:
        assert len(begin_matrix_run(world.ports, "plan").jobs) == 1
        measured(world, kind)
        assert len(begin_matrix_run(world.ports, "plan").jobs) == 6

    def test_folder_splits_it_where_the_store_hides_runs(self, world: World) -> None:
        assert isinstance(world.store, ReadOnlyStore)
        world.store.hidden = "runs/"
        made = plan_all(world)
        planned(world, made.run)
        # A plan of these fakes takes less than the ten seconds of a stack that was not measured.
        assert begin_matrix_run(world.ports, "plan").jobs[0].seconds < made.jobs[0].seconds == 69.0

    def test_missing_result_names_the_option(self, world: World) -> None:
        made = begin_matrix_run(world.ports, "plan")
        problems = planned(world, made.run).environments[0].problems
        assert [problem.code for problem in problems] == ["E470"]
        assert problems[0].hint.endswith(f"envctl collect {made.run} --results …")

    def test_batch_of_codebuild_shares_no_folder(self, world: World) -> None:
        with pytest.raises(UsageError, match="E026"):
            begin_matrix_run(world.ports, "plan", form="codebuild")


class TestDriftComesFromTheStore:
    """`collect` records drift on the word of these documents: anybody may write a folder."""

    def test_run_of_drift_does_not_begin_in_a_folder(self, world: World) -> None:
        with pytest.raises(UsageError, match=r"E026.*drift"):
            begin_matrix_run(world.ports, "drift")
        assert (world.results, tried_writes(world)) == (MemoryStore(), [])

    def test_shard_does_not_answer_into_a_folder(self) -> None:
        world = one_release_everywhere()
        made = begun(world)
        for_pull_request(world)
        with pytest.raises(UsageError, match="E026"):
            check_shard_drift(world.ports, made.run, 1)
        assert world.results == MemoryStore()

    def test_results_in_a_folder_are_not_collected(self) -> None:
        world = one_release_everywhere()
        made = begun(world)
        answered(world, made)
        world.results = MemoryStore(dict(world.store.content))
        for name in (made.run, ""):
            with pytest.raises(UsageError, match="E026"):
                collect_run(world.ports, name)
        assert checks(world) == []

    def test_renamed_run_of_drift_is_not_collected(self) -> None:
        world = one_release_everywhere()
        made = begun(world)
        answered(world, made)
        named = made.run.replace("-drift-", "-plan-")
        content = {key.replace(made.run, named): data for key, data in world.store.content.items()}
        for said in (made.run, named):
            world.results = MemoryStore(
                {key: data.replace(made.run.encode(), said.encode()) for key, data in content.items()}
            )
            assert catch(EnvctlError, collect_run, world.ports, named).problems[0].code == "E472"
        assert checks(world) == []


def forge(world: World, made: Matrix, **parts: Any) -> None:
    """Change the beginning of a run in the folder, as the code of a pull request can."""
    assert world.results
    key = documents.format_run_key(documents.BEGUN_FOLDER, made.run)
    run = dataclasses.replace(documents.decode_document(documents.MatrixRun, world.results.content[key]), **parts)
    world.results.content[key] = documents.encode_document(run)


BEGINNINGS: dict[str, tuple[dict[str, Any], str]] = {
    "a shard checks what the run does not": ({"shards": (Shard({"qa": ()}),)}, "E472"),
    "it has more shards than jobs": ({"shards": (Shard({"dev": ("web",)}),) * 257}, "E472"),
    "it has another name": ({"id": "20261125T014000Z-plan-0"}, "E472"),
    "it says that it is about drift": ({"kind": "drift"}, "E472"),
    "its environment is not in the project": (
        {"environments": (documents.PlannedEnvironment("qa"),), "shards": (Shard({"qa": ()}),)},
        "E002",
    ),
    "its stack is not in the project": ({"shards": (Shard({"dev": ("../web",)}),)}, "E029"),
    "it has no shards": ({"shards": ()}, "E027"),
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_forged_beginning_is_an_error(world: World, name: str) -> None:
    parts, code = BEGINNINGS[name]
    made = begin_matrix_run(world.ports, "plan", ["dev"])
    forge(world, made, **parts)

    def plan() -> None:
        for each in plan_shard(world.ports, made.run, 1).environments:
            if each.problems:
                raise EnvctlError(*each.problems)

    assert [problem.code for problem in catch(EnvctlError, plan).problems] == [code]


ANSWERS: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"\xff{",
    "a list": b"[]",
    "a depth without an end": b'{"format":1,"kind":"Answer","document":' + b"[" * 100_000,
    "a number without an end": b"1" * 10_000,
    "a document of another kind": b'{"format":1,"kind":"Run","document":{}}',
    "unknown fields": b'{"format":1,"kind":"Answer","document":{"run":"r","more":1}}',
}


@pytest.mark.parametrize("name", ANSWERS)
def test_damaged_answer_is_unknown(world: World, name: str) -> None:
    made = begin_matrix_run(world.ports, "plan", ["dev"])
    assert world.results
    world.results.content[documents.format_answer_key(made.run, 1, 1)] = ANSWERS[name]
    (found,) = planned(world, made.run).environments
    assert ([problem.code for problem in found.problems], found.plan) == (["E472"], None)


OTHERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "of another run": lambda answer: answer.update(run="20261125T014000Z-plan-0"),
    "of another shard": lambda answer: answer.update(shard=2),
    "with an exit code that there is not": lambda answer: answer["plans"][0].update(exit_code=99),
    "with text in place of stacks": lambda answer: answer["plans"][0]["plan"].update(stacks="all"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_foreign_answer_is_unknown(world: World, name: str) -> None:
    made = plan_all(world, "dev")
    assert world.results
    key = documents.format_answer_key(made.run, 1, 1)
    whole = json.loads(world.results.content[key])
    OTHERS[name](whole["document"])
    world.results.content[key] = json.dumps(whole).encode()
    (found,) = planned(world, made.run).environments
    assert [problem.code for problem in found.problems] == ["E472"]


@pytest.mark.parametrize("name", ["../../ledger/0000000001", "..", "20261125T014000Z-plan-0/../x", "\0", ""])
def test_name_of_run_is_no_path(world: World, name: str) -> None:
    assert world.results
    assert catch(UsageError, run_store.load_run, world.ports, name).problems[0].code == "E027"


def test_environment_of_another_run_adds_none(world: World) -> None:
    """An answer about more than its shard: what was not asked is not told."""
    made = plan_all(world, "dev")
    assert world.results
    key = documents.format_answer_key(made.run, 1, 1)
    whole = json.loads(world.results.content[key])
    whole["document"]["plans"].append({**whole["document"]["plans"][0], "environment": "prod"})
    world.results.content[key] = json.dumps(whole).encode()
    assert [each.environment for each in planned(world, made.run).environments] == ["dev"]
    assert units(world, made) == {1: {"dev": ("network", "web")}}
