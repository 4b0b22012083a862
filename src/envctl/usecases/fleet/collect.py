"""`envctl collect [RUN]`: what the jobs of a run saw, as if one had looked at everything; recorded once.

What no job has looked at is unknown, and so is an environment of which some saw another deployment than others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envctl.domain.ci.run_documents import Collected, Run
from envctl.usecases.deployment import cost_estimate
from envctl.usecases.drift.ledger_entries import recorded
from envctl.usecases.drift.result import Drift
from envctl.usecases.fleet import run_store
from envctl.usecases.fleet.merge import Plans, look_at, plan_of
from envctl.usecases.fleet.run_store import Answer, Part
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


def collect(ports: Ports, name: str = "") -> Drift | Plans:
    """Of the run of that name, or of the last one that waits for it. Collected again, it is told with what jobs have
    said since, and nothing is recorded twice.
    """
    run = run_store.begun(ports, name or run_store.waiting(ports))
    parts = run_store.parts(ports, run)
    if run.kind == "plan":
        plans = [plan_of(run, parts, each) for each in run.environments]
        _mark(ports, run, parts)
        return Plans(run.id, tuple(_priced(ports, plans)))
    looks = [look_at(run, parts, each) for each in run.environments]
    told = recorded(ports, looks, since=min((seq for look in looks for seq in look.seqs), default=0))
    if told == tuple(look.found for look in looks):
        _mark(ports, run, parts)
    return Drift(told)


def _priced(ports: Ports, plans: Sequence[EnvironmentPreview]) -> Iterator[EnvironmentPreview]:
    """With what each costs that is whole: no job has seen more than its part."""
    project = load.project(ports)
    for each in plans:
        if each.plan is None or each.problems or each.environment not in project.all_environments:
            yield each
            continue
        regions = {name: stack.region for name, stack in project.stacks.items() if stack.region}
        source = cost_estimate.source(project.seen_from(each.environment), each.environment, regions)
        yield replace(each, plan=cost_estimate.priced(ports, each.plan, source))


def _mark(ports: Ports, run: Run, parts: Mapping[int, Part]) -> None:
    """With how long everything took: what was not looked at this time takes as long as it did before."""
    before = run_store.collected(ports, run.kind)
    known = {name: dict(took) for name, took in (before.durations if before else {}).items()}
    for part in parts.values():
        for name, took in part.durations.items() if isinstance(part, Answer) else ():
            known[name] = {**known.get(name, {}), **took}
    there = set(load.project(ports).all_environments)
    durations = {name: took for name, took in known.items() if name in there}
    run_store.collect(ports, Collected(run.id, ports.clock.now(), ports.identity.actor(), durations))
