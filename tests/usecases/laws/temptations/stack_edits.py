"""Stacks leave the project, or are called by another name: what they hold is never lost in silence."""

from collections.abc import Callable

from tests.usecases.commands import PLAINLY, How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.temptations.temptations import Temptation, ready, tries_prod
from tests.usecases.project_text import Third

JOBS = Third("jobs")
OBJECTS = Third("pods", kind="kubernetes")
CHANGES: dict[str, Third] = {
    "a third stack": JOBS,
    "none, and nobody says so": Third(),
    "none, and it is destroyed": Third(fates=(("jobs", "destroy"), ("cron", "destroy"))),
    "none, and it is forgotten": Third(fates=(("jobs", "forget"), ("cron", "forget"))),
    "another name": Third("cron", was="jobs"),
    "another name, and nobody says so": Third("cron"),
    "a root": Third("jobs", kind="root", depth=1),
    "another value": Third("jobs", depth=2),
    "a root by another name": Third("cron", was="jobs", kind="root"),
    "a module again by another name": Third("cron", was="jobs", depth=3),
    # Under the same name it is refused, whoever does it.
    "objects by another name": OBJECTS,
    "objects that are forgotten later": Third(fates=(("pods", "forget"), ("jobs", "destroy"), ("cron", "destroy"))),
}
"""What the project may be edited to between any two commands."""


def _after(third: Third) -> Callable[[Actors, How], None]:
    """The third stack runs everywhere; then the project has it no more, or by another name."""

    def tries(actors: Actors, how: How) -> None:
        actors.has_third(JOBS)
        actors.by_the_book()
        with actors.with_third(third):
            tries_prod(actors, how, ready(actors))
            actors.destroys("dev")

    return tries


def _rollback_across(actors: Actors, how: How) -> None:
    """What is gone back to never had the third stack."""
    actors.has_third(Third())
    # Whatever was there before leaves as it is said.
    actors.by_the_book()
    with actors.with_third(Third()):
        before = actors.by_the_book()
        actors.has_third(JOBS)
        actors.by_the_book()
        actors.rolls_back("prod", how, release=before)
        actors.rolls_back("staging", PLAINLY, release=before)


def _a_part_after_it_left(actors: Actors, how: How) -> None:
    actors.has_third(JOBS)
    actors.by_the_book()
    with actors.with_third(Third()):
        actors.applies("dev", How(only=("web",)))
        actors.applies("dev", how)


OF_STACKS: dict[str, Temptation] = {
    **{f"the third stack becomes {name}": _after(third) for name, third in CHANGES.items() if third != JOBS},
    "a rollback across it": _rollback_across,
    "a part is applied after it left": _a_part_after_it_left,
}
