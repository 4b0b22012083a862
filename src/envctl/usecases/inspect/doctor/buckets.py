"""The buckets: whether they are there, whose they are, and whether they are as strong as they should be."""

from collections.abc import Iterator

from envctl.domain.config.project import Project
from envctl.domain.errors import Problem
from envctl.usecases.account.bootstrap import look
from envctl.usecases.account.bucket_inventory import S3, BucketPlace, of_state, of_store
from envctl.usecases.inspect.doctor.rows import Row, bad, good, unseen, warn
from envctl.usecases.ports.core import Ports

NAME = "bucket"


def of_the_store(ports: Ports, project: Project) -> Iterator[Row]:
    if not project.store.url.startswith(S3):
        yield good("store", f"{project.store.url}, on the disk of this machine")
        return
    place = of_store(ports, project)
    if [problem.code for problem in place.problems] == ["E423"]:
        # It works from elsewhere, too: the account lets you in, and shows its settings to its own people alone.
        yield unseen(NAME, f"{place.wanted.name} is in {place.wanted.account_id}, where you are not")
        return
    row = _row(ports, place, "envctl bootstrap")
    if not project.store.account_id and [problem.code for problem in row.problems] == ["E422"]:
        way = "say whose it is, so that nobody writes into another one of that name: [store] account_id"
        row = warn(NAME, f"{place.wanted.name} is in another account than you are", way)
    yield row


def of_an_environment(ports: Ports, project: Project, environment: str) -> Iterator[Row]:
    if project.state.backend == "local":
        yield good("states", "on the disk of this machine")
        return
    yield _row(ports, of_state(ports, project, environment, environment), f"envctl bootstrap {environment}")


def _row(ports: Ports, place: BucketPlace, way: str) -> Row:
    wanted = place.wanted
    if place.problems:
        return unseen(NAME, f"{wanted.name} takes the right credentials first")
    _, report = look(ports, place)
    if report.problems:
        return bad(NAME, *report.problems)
    named = {each: [f.name for f in report.findings if f.verdict == each] for each in ("bad", "warn", "unseen")}
    if named["bad"]:
        return bad(NAME, Problem("E429", f"there is no bucket {wanted.name} in {wanted.account_id}", way))
    if named["warn"]:
        return warn(NAME, f"{wanted.name} is weaker than it should be: {', '.join(named['warn'])}", f"{way} --check")
    if named["unseen"]:
        return unseen(NAME, f"{wanted.name} is there, and you may not see its {', '.join(named['unseen'])}")
    return good(NAME, f"{wanted.name} in {wanted.region}, as it should be")
