"""Checks of buckets: existence, owner and protection."""

from collections.abc import Iterator

from envctl.domain.errors import Problem
from envctl.usecases.account.bootstrap import inspect_bucket
from envctl.usecases.account.bucket_inventory import S3_SCHEME, BucketTarget, find_state_bucket, find_store_bucket
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_unchecked, report_warning
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports

NAME = "bucket"


def check_store_bucket(context: Context) -> Iterator[Row]:
    project = context.project
    if not project.store.url.startswith(S3_SCHEME):
        yield report_good("store", f"{project.store.url}, on the disk of this machine")
        return
    place = find_store_bucket(context)
    if [problem.code for problem in place.problems] == ["E423"]:
        # The store works across accounts, but only its own account may read the bucket settings.
        yield report_unchecked(NAME, f"{place.wanted.name} is in {place.wanted.account_id}, where you are not")
        return
    row = _check_bucket(context.ports, place, "envctl bootstrap")
    if not project.store.account_id and [problem.code for problem in row.problems] == ["E422"]:
        way = "say whose it is, so that nobody writes into another one of that name: [store] account_id"
        row = report_warning(NAME, f"{place.wanted.name} is in another account than you are", way)
    yield row


def check_state_bucket(context: Context, environment: str) -> Iterator[Row]:
    if context.project.state.backend == "local":
        yield report_good("states", "on the disk of this machine")
        return
    place = find_state_bucket(context, environment, environment)
    yield _check_bucket(context.ports, place, f"envctl bootstrap {environment}")


def _check_bucket(ports: Ports, place: BucketTarget, way: str) -> Row:
    wanted = place.wanted
    if place.problems:
        return report_unchecked(NAME, f"{wanted.name} takes the right credentials first")
    _, report = inspect_bucket(ports, place)
    if report.problems:
        return report_bad(NAME, *report.problems)
    named = {each: [f.name for f in report.findings if f.verdict == each] for each in ("bad", "warn", "unseen")}
    if named["bad"]:
        return report_bad(NAME, Problem("E429", f"there is no bucket {wanted.name} in {wanted.account_id}", way))
    if named["warn"]:
        seen = f"{wanted.name} is weaker than it should be: {', '.join(named['warn'])}"
        return report_warning(NAME, seen, f"{way} --check")
    if named["unseen"]:
        return report_unchecked(NAME, f"{wanted.name} is there, and you may not see its {', '.join(named['unseen'])}")
    return report_good(NAME, f"{wanted.name} in {wanted.region}, as it should be")
