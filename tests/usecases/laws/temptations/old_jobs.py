"""A release goes where a newer one runs: a job that is run again, one that waited, one that another passed."""

from tests.usecases.commands import PLAINLY, How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.temptations.temptations import Temptation, ready, tries_prod


def _goes_back_to_last_week(actors: Actors, how: How) -> None:
    """Of a release that was proven, deployed and followed by another, somebody runs the job again."""
    earlier = actors.by_the_book()
    actors.by_the_book()
    actors.verifies("staging")
    actors.all_approve(earlier)
    tries_prod(actors, how, earlier)


def _is_approved_late(actors: Actors, how: How) -> None:
    """The job of a release waited for approvals while the next release passed it."""
    waiting = ready(actors)
    actors.by_the_book()
    actors.all_approve(waiting)
    tries_prod(actors, how, waiting)


def _goes_back_in_staging(actors: Actors, how: How) -> None:
    earlier = actors.proves()
    actors.proves()
    actors.promotes("dev", "staging", how, release=earlier)


def _came_back_to_dev_alone(actors: Actors, how: How) -> None:
    """Old code in dev, to look at it, makes no job of last week new."""
    earlier = ready(actors)
    applied = next(job for job in reversed(actors.jobs) if (job.verb, job.environment) == ("apply", "dev"))
    actors.by_the_book()
    actors.runs_again(applied)
    actors.all_approve(earlier)
    tries_prod(actors, how, earlier)


def _a_newer_one_stopped_halfway(actors: Actors, how: How) -> None:
    earlier = actors.by_the_book()
    newer = ready(actors)
    actors.shared.terraform.fails_on.add(("prod", "web"))
    tries_prod(actors, PLAINLY, newer)
    actors.shared.terraform.fails_on.clear()
    actors.edits_settings("prod", 86)
    actors.all_approve(earlier)
    tries_prod(actors, how, earlier)
    actors.applies("prod", how)


OF_AGE: dict[str, Temptation] = {
    "a job of last week is run again": _goes_back_to_last_week,
    "a job waited while the next release passed it": _is_approved_late,
    "an older one goes to staging": _goes_back_in_staging,
    "it came back to dev alone": _came_back_to_dev_alone,
    "a newer one stopped halfway": _a_newer_one_stopped_halfway,
}
