"""EVE says that she is somebody else, by a token that is not of her credentials; and a schedule acts for nobody."""

from functools import partial

from tests.usecases.commands import How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.people import ANN, CAT, FORGERIES, Name
from tests.usecases.laws.temptations.rule_changes import MORE
from tests.usecases.laws.temptations.rule_edits import claim
from tests.usecases.laws.temptations.temptations import Temptation, ready


def promotes_as(actors: Actors, _: How, *, name: Name) -> None:
    """Prod is changed by CI alone, and all else is as the book says."""
    with actors.with_rules("prod", MORE["CI alone"]):
        actors.promotes("staging", "prod", How(ANN, name=name), release=ready(actors))


def _withdraws_as(actors: Actors, how: How, *, name: Name) -> None:
    """What CAT has approved is hers alone to withdraw, and no forgery undoes it for her."""
    release = ready(actors)
    actors.withdraws("business", How(CAT, name=name), release=release)
    actors.promotes("staging", "prod", how, release=release)


OF_TOKENS: dict[str, Temptation] = {
    **{f"approved by {name}": partial(claim, name=name, kind="the business in jobs") for name in FORGERIES},
    **{f"in a role by {name}": partial(claim, name=name) for name in FORGERIES},
    **{f"promoted by {name}": partial(promotes_as, name=name) for name in FORGERIES},
    "approved by a schedule": partial(claim, name="schedule", kind="the business in jobs"),
    "promoted by a schedule": partial(promotes_as, name="schedule"),
    **{f"withdrawn by {name}": partial(_withdraws_as, name=name) for name in FORGERIES[:2]},
}
