"""`envctl collect [RUN]`: what the jobs of a run saw, as if one had looked at everything; recorded once.

What no job has looked at is unknown, and so is an environment of which some saw another deployment than others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envctl.domain.runs import Collected, Run
from envctl.usecases import costs, load, runs
from envctl.usecases.drift_entries import recorded
from envctl.usecases.drifted import Drift
from envctl.usecases.merging import Plans, look_at, plan_of
from envctl.usecases.ports import Ports
from envctl.usecases.preview import EnvironmentPreview
from envctl.usecases.runs import Answer, Part


def collect(ports: Ports, name: str = "") -> Drift | Plans:
    """Of the run of that name, or of the last one that waits for it. Collected again, it is told with what jobs have
    said since, and nothing is recorded twice.
    """
    run = runs.begun(ports, name or runs.waiting(ports))
    parts = runs.parts(ports, run)
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
        source = costs.source(project.seen_from(each.environment), each.environment, regions)
        yield replace(each, plan=costs.priced(ports, each.plan, source))


def _mark(ports: Ports, run: Run, parts: Mapping[int, Part]) -> None:
    """With how long everything took: what was not looked at this time takes as long as it did before."""
    before = runs.collected(ports, run.kind)
    known = {name: dict(took) for name, took in (before.durations if before else {}).items()}
    for part in parts.values():
        for name, took in part.durations.items() if isinstance(part, Answer) else ():
            known[name] = {**known.get(name, {}), **took}
    there = set(load.project(ports).all_environments)
    durations = {name: took for name, took in known.items() if name in there}
    runs.collect(ports, Collected(run.id, ports.clock.now(), ports.identity.actor(), durations))
