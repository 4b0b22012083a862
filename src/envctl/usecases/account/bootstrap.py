"""`envctl bootstrap [ENV …]`: the buckets that envctl itself needs, made where they are missing and made stronger where
they are weaker than they should be. What somebody made stronger stays, and so does what others wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.aws.bucket_plan import findings, steps
from envctl.domain.aws.buckets import Create, FoundBucket, Step, explain
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, ExitCode, InterruptedByUserError, Problem, worst
from envctl.domain.findings import Finding
from envctl.usecases.account.bucket_inventory import S3, BucketPlace, places
from envctl.usecases.ledger import store_probe as create_only
from envctl.usecases.ports.bucket_report import BucketReport, reported
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

Mode = Literal["done", "checked", "planned"]


@dataclass(frozen=True)
class Bootstrap:
    """`checked` and `planned` where nothing was changed. `create_only` says whether anything in the store can be
    written over, `needless` what needs no bucket, and `refused` why the store can't be used.
    """

    mode: Mode
    buckets: tuple[BucketReport, ...]
    create_only: Finding | None = None
    needless: tuple[str, ...] = ()
    refused: tuple[Problem, ...] = ()
    next: str = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*(problem for each in self.buckets for problem in each.told), *self.refused)

    @property
    def exit_code(self) -> ExitCode:
        """As of drift: 2 where something differs, 1 where something could not be looked at or done."""
        if self.mode == "planned":
            return ExitCode.FAILED if self.problems else ExitCode.DONE
        untried = self.create_only is not None and self.create_only.verdict != "good"
        rest = ExitCode.FAILED if self.refused else ExitCode.CHANGES if untried else ExitCode.DONE
        return worst([*(each.exit_code for each in self.buckets), rest])


@dataclass(frozen=True)
class _Looked:
    place: BucketPlace
    steps: tuple[Step, ...]
    report: BucketReport


def bootstrap(
    ports: Ports, environments: Sequence[str] = (), *, dry_run: bool = False, as_me: bool = False
) -> Bootstrap:
    """Looks, shows, asks, does it, and looks again. What goes wrong with one bucket keeps no other from being made."""
    project = load.project(ports)
    looked = _look(ports, project, environments, as_me=as_me)
    intended = tuple(replace(each.report, steps=tuple(map(explain, each.steps))) for each in looked)
    if _untried(ports, looked):
        intended = tuple(_with_trial(each) if each.purpose == "store" else each for each in intended)
    again = _command(environments, as_me=as_me)
    if dry_run:
        return Bootstrap("planned", intended, needless=_needless(project, environments), next=again)
    _ask(ports, intended)
    made = tuple(_made(ports, each) for each in looked)
    finding, refused = _tried(ports, made)
    done = Bootstrap("done", made, finding, _needless(project, environments), refused)
    return replace(done, next="envctl doctor" if done.exit_code is ExitCode.DONE else "")


def check(ports: Ports, environments: Sequence[str] = (), *, as_me: bool = False) -> Bootstrap:
    """What is missing, or weaker than it should be. Nothing is written, not even the probe."""
    project = load.project(ports)
    looked = _look(ports, project, environments, as_me=as_me)
    again = _command(environments, as_me=as_me)
    finding, refused = _left(ports, [each.report for each in looked], again)
    reports = tuple(each.report for each in looked)
    found = Bootstrap("checked", reports, finding, _needless(project, environments), refused)
    mends = any(each.steps for each in looked) or (finding is not None and finding.verdict != "good")
    return replace(found, next=again if mends else "")


def look(ports: Ports, place: BucketPlace) -> tuple[tuple[Step, ...], BucketReport]:
    """One bucket as it is, and what it lacks."""
    report = reported(place.wanted)
    if place.problems:
        return (), replace(report, problems=place.problems)
    try:
        found: FoundBucket | None = ports.buckets.look(place.wanted, place.credentials)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return (), replace(report, problems=tuple(error.problems))
    return steps(place.wanted, found), replace(report, findings=findings(place.wanted, found))


def _look(ports: Ports, project: Project, environments: Sequence[str], *, as_me: bool) -> tuple[_Looked, ...]:
    # Those beside the pipeline first: where one shares an account with another, its role may do more there.
    wanted = sorted(load.wanted_environments(project, environments), key=lambda name: name not in project.beside)
    # Who names environments means their states: the store may be in an account that only others get into.
    found = places(ports, project, wanted, store=not environments, as_me=as_me)
    return tuple(_Looked(place, *look(ports, place)) for place in found)


def _ask(ports: Ports, intended: tuple[BucketReport, ...]) -> None:
    wanted = tuple(each for each in intended if each.steps)
    if not wanted:
        return
    ports.observer.intends(wanted)
    if not ports.consent.makes(wanted):
        raise InterruptedByUserError(
            Problem("E310", "stopped on your answer: nothing was made", "envctl bootstrap --check")
        )


def _made(ports: Ports, looked: _Looked) -> BucketReport:
    if not looked.steps:
        return looked.report
    done: list[str] = []
    problems: list[Problem] = []
    ports.observer.said(f"{looked.place.wanted.name} …")
    for step in looked.steps:
        try:
            ports.buckets.carry_out(looked.place.wanted, step, looked.place.credentials)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            problems.extend(error.problems)
            if isinstance(step, Create):
                break
        else:
            done.append(explain(step))
    _, after = look(ports, looked.place)
    return replace(after, steps=tuple(done), problems=(*problems, *after.problems))


def _untried(ports: Ports, looked: tuple[_Looked, ...]) -> bool:
    """Whether the probe is still to be written: then it is told with what else is going to be made."""
    store = next((each.report for each in looked if each.place.wanted.purpose == "store"), None)
    if store is None or not store.findings:
        return False
    try:
        return store.outcome == "missing" or not create_only.tried(ports)
    except InterruptedByUserError:
        raise
    except EnvctlError:
        return True


def _with_trial(report: BucketReport) -> BucketReport:
    return replace(report, steps=(*report.steps, create_only.STEP))


def _tried(ports: Ports, made: tuple[BucketReport, ...]) -> tuple[Finding | None, tuple[Problem, ...]]:
    if not _usable(made):
        return None, ()
    try:
        return create_only.demand(ports), ()
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return None, tuple(error.problems)


def _left(ports: Ports, reports: Sequence[BucketReport], way: str) -> tuple[Finding | None, tuple[Problem, ...]]:
    if not _usable(reports):
        return None, ()
    try:
        return create_only.seen(ports, way), ()
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return None, tuple(error.problems)


def _usable(reports: Sequence[BucketReport]) -> bool:
    """Whether there is a bucket of the store, and it is the right one."""
    return any(each.purpose == "store" and any(f.verdict == "good" for f in each.findings) for each in reports)


def _needless(project: Project, environments: Sequence[str]) -> tuple[str, ...]:
    told = []
    if not environments and not project.store.url.startswith(S3):
        told.append(f"the store is {project.store.url}: no bucket is needed for it")
    if project.state.backend == "local":
        told.append('states are on the disk of this machine ([state] backend = "local"): no bucket is needed for them')
    return tuple(told)


def _command(environments: Sequence[str], *, as_me: bool) -> str:
    return " ".join(["envctl bootstrap", *environments, *(["--as-me"] if as_me else [])])
