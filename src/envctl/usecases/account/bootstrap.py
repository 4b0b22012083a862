"""`envctl bootstrap [ENV …]`: create missing buckets of envctl, and harden weak ones; stricter settings stay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.aws.bucket_plan import list_findings, plan_steps
from envctl.domain.aws.buckets import BucketStep, CreateBucket, FoundBucket, explain_step
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem
from envctl.domain.exit_codes import ExitCode, worst_exit_code
from envctl.domain.findings import Finding
from envctl.usecases.account.bucket_inventory import S3_SCHEME, BucketTarget, list_buckets
from envctl.usecases.ledger import ledger_store
from envctl.usecases.ports.bucket_report import BucketReport, unchecked_report
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import select_environments

ASKS = RECORDS_ONLY

Mode = Literal["done", "checked", "planned"]


@dataclass(frozen=True)
class Bootstrap:
    """The result of a bootstrap."""

    mode: Mode  # `checked` and `planned` mean no change was made
    buckets: tuple[BucketReport, ...]
    create_only: Finding | None = None  # the result of testing the store against overwriting
    needless: tuple[str, ...] = ()  # reasons for needing no bucket
    refused: tuple[Problem, ...] = ()  # reasons against using the store
    next: str = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*(problem for each in self.buckets for problem in each.all_problems), *self.refused)

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code as for drift: 2 for differences, 1 for errors."""
        if self.mode == "planned":
            return ExitCode.FAILED if self.problems else ExitCode.DONE
        untried = self.create_only is not None and self.create_only.verdict != "good"
        rest = ExitCode.FAILED if self.refused else ExitCode.CHANGES if untried else ExitCode.DONE
        return worst_exit_code([*(each.exit_code for each in self.buckets), rest])


@dataclass(frozen=True)
class _InspectedBuckets:
    place: BucketTarget
    steps: tuple[BucketStep, ...]
    report: BucketReport


def bootstrap(
    ports: Ports, environments: Sequence[str] = (), *, dry_run: bool = False, as_me: bool = False
) -> Bootstrap:
    """Inspect, confirm, change and inspect the buckets again. An error in one bucket does not stop the others."""
    project = project_file.load_project(ports)
    looked = _inspect_buckets(Context(ports, project), environments, as_me=as_me)
    intended = tuple(replace(each.report, steps=tuple(map(explain_step, each.steps))) for each in looked)
    if _is_probe_pending(ports, looked):
        intended = tuple(
            replace(each, steps=(*each.steps, ledger_store.PROBE_STEP)) if each.purpose == "store" else each
            for each in intended
        )
    again = _format_command(environments, as_me=as_me)
    if dry_run:
        return Bootstrap("planned", intended, needless=_list_needless(project, environments), next=again)
    _confirm_steps(ports, intended)
    made = tuple(_apply_steps(ports, each) for each in looked)
    finding, refused = _probe_store(made, lambda: ledger_store.require_create_only(ports))
    done = Bootstrap("done", made, finding, _list_needless(project, environments), refused)
    return replace(done, next=format_command("doctor") if done.exit_code is ExitCode.DONE else "")


def check_buckets(ports: Ports, environments: Sequence[str] = (), *, as_me: bool = False) -> Bootstrap:
    """Report missing and weak buckets without writing anything, not even the probe."""
    project = project_file.load_project(ports)
    looked = _inspect_buckets(Context(ports, project), environments, as_me=as_me)
    again, reports = _format_command(environments, as_me=as_me), tuple(each.report for each in looked)
    finding, refused = _probe_store(reports, lambda: ledger_store.read_probe(ports, again))
    found = Bootstrap("checked", reports, finding, _list_needless(project, environments), refused)
    mends = any(each.steps for each in looked) or (finding is not None and finding.verdict != "good")
    return replace(found, next=again if mends else "")


def inspect_bucket(ports: Ports, place: BucketTarget) -> tuple[tuple[BucketStep, ...], BucketReport]:
    """Return the missing steps and the report of one bucket."""
    report = unchecked_report(place.wanted)
    if place.problems:
        return (), replace(report, problems=place.problems)
    try:
        found: FoundBucket | None = ports.buckets.inspect_bucket(place.wanted, place.credentials)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return (), replace(report, problems=tuple(error.problems))
    return plan_steps(place.wanted, found), replace(report, findings=list_findings(place.wanted, found))


def _inspect_buckets(context: Context, environments: Sequence[str], *, as_me: bool) -> tuple[_InspectedBuckets, ...]:
    # Standalone environments first: in a shared account, their role may have more permissions.
    wanted = sorted(
        select_environments(context.project, environments), key=lambda name: name not in context.project.standalone
    )
    # Named environments mean their state buckets only: the store may be in an inaccessible account.
    found = list_buckets(context, wanted, store=not environments, as_me=as_me)
    return tuple(_InspectedBuckets(place, *inspect_bucket(context.ports, place)) for place in found)


def _confirm_steps(ports: Ports, intended: tuple[BucketReport, ...]) -> None:
    wanted = tuple(each for each in intended if each.steps)
    if not wanted:
        return
    ports.observer.on_bucket_plan(wanted)
    if not ports.prompter.confirm_buckets(wanted):
        problem = Problem(
            "E310", "cancelled: no bucket was created or changed", format_command("bootstrap", check=True)
        )
        raise InterruptedByUserError(problem)


def _apply_steps(ports: Ports, looked: _InspectedBuckets) -> BucketReport:
    if not looked.steps:
        return looked.report
    done: list[str] = []
    problems: list[Problem] = []
    ports.observer.on_message(f"{looked.place.wanted.name} …")
    for step in looked.steps:
        try:
            ports.buckets.apply_step(looked.place.wanted, step, looked.place.credentials)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            problems.extend(error.problems)
            if isinstance(step, CreateBucket):
                break
        else:
            done.append(explain_step(step))
    _, after = inspect_bucket(ports, looked.place)
    return replace(after, steps=tuple(done), problems=(*problems, *after.problems))


def _is_probe_pending(ports: Ports, looked: tuple[_InspectedBuckets, ...]) -> bool:
    """Return true if the probe is still missing, and has to be listed among the steps."""
    store = next((each.report for each in looked if each.place.wanted.purpose == "store"), None)
    if store is None or not store.findings:
        return False
    try:
        return store.outcome == "missing" or not ledger_store.is_probed(ports)
    except InterruptedByUserError:
        raise
    except EnvctlError:
        return True


def _probe_store(
    reports: Sequence[BucketReport], probe: Callable[[], Finding]
) -> tuple[Finding | None, tuple[Problem, ...]]:
    """Call `probe` if the bucket of the store exists with a good finding."""
    if not any(finding.verdict == "good" for each in reports if each.purpose == "store" for finding in each.findings):
        return None, ()
    try:
        return probe(), ()
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return None, tuple(error.problems)


def _list_needless(project: Project, environments: Sequence[str]) -> tuple[str, ...]:
    lines = []
    if not environments and not project.store.url.startswith(S3_SCHEME):
        lines.append(f"the store {project.store.url} needs no bucket")
    if project.state.backend == "local":
        lines.append('states are on the disk of this machine ([state] backend = "local") and need no bucket')
    elif project.state.backend != "s3":
        lines.append(f"states are in {project.state.backend}: not checked, and envctl sets nothing up there")
    return tuple(lines)


def _format_command(environments: Sequence[str], *, as_me: bool) -> str:
    return " ".join([format_command("bootstrap"), *environments, *(["--as-me"] if as_me else [])])
