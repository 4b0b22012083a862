"""`envctl collect [RUN]`: the merged answers of all jobs of a matrix run, recorded once.

A stack without an answer is unknown, and so is an environment with answers about different deployments.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envctl.domain.ci.run_documents import CollectedRun, MatrixRun
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.usecases.deployment import planning
from envctl.usecases.drift.drift import add_next_commands
from envctl.usecases.drift.ledger_entries import record_observations
from envctl.usecases.drift.result import Drift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.merge import Plans, merge_drift, merge_plans
from envctl.usecases.fleet.run_store import Answer, ShardAnswer
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.project_file import find_cost_source

ASKS = RECORDS_ONLY


def collect_run(ports: Ports, name: str = "") -> Drift | Plans:
    """Merge the answers of a run, by default of the last uncollected one. A repetition records no entry twice."""
    run = run_store.load_run(ports, name or run_store.find_uncollected_run(ports))
    parts = run_store.load_answers(ports, run)
    if run.kind == "plan":
        plans = [merge_plans(run, parts, each) for each in run.environments]
        _mark_collected(ports, run, parts)
        return Plans(run.id, tuple(_add_costs(ports, plans)))
    observations = [merge_drift(run, parts, each) for each in run.environments]
    since = min((seq for each in observations for seq in each.start_seqs), default=0)
    results = record_observations(ports, observations, since=since)
    if results == tuple(each.found for each in observations):
        _mark_collected(ports, run, parts)
    return add_next_commands(ports, project_file.load_project(ports), Drift(results), journal.load(ports))


def _add_costs(ports: Ports, plans: Sequence[EnvironmentPreview]) -> Iterator[EnvironmentPreview]:
    """Add costs to each complete plan: a job has planned only a part of it."""
    project = project_file.load_project(ports)
    for each in plans:
        if each.plan is None or each.problems or each.environment not in project.all_environments:
            yield each
            continue
        regions = {name: stack.region for name, stack in project.stacks.items() if stack.region}
        source = find_cost_source(project.view_for(each.environment), each.environment, regions)
        yield replace(each, plan=planning.add_cost(ports, each.plan, source))


def _mark_collected(ports: Ports, run: MatrixRun, parts: Mapping[int, ShardAnswer]) -> None:
    """Mark the run as collected, with the durations of this run and of earlier ones for the missing stacks."""
    earlier = run_store.load_last_collected(ports, run.kind)
    known = {name: dict(took) for name, took in (earlier.durations if earlier else {}).items()}
    for part in parts.values():
        for name, took in part.durations.items() if isinstance(part, Answer) else ():
            known[name] = {**known.get(name, {}), **took}
    environments = set(project_file.load_project(ports).all_environments)
    durations = {name: took for name, took in known.items() if name in environments}
    run_store.save_collected(ports, CollectedRun(run.id, ports.clock.now(), ports.identity.identify_actor(), durations))
