"""What a page can't know: names of releases and of plans, by the words of the mark `where`."""

import re
from collections.abc import Callable, Mapping

from tests.docs.places import Place


def _runs(environment: str) -> Callable[[Place], str]:
    def release(place: Place) -> str:
        status = place.ok("status", "--json").document["result"]["environments"]
        there = next(each for each in status if each["environment"] == environment)
        return str(there["present"]["last"]["release"])[:12]

    return release


def _plan(place: Place) -> str:
    return str(place.ok("why", "prod", "--plan", "--json").document["result"]["plan"])


def _proven(place: Place) -> str:
    """The first release that was ever deployed to its end."""
    entries = place.ok("history", "--limit", "1000", "--json").document["result"]["entries"]
    made = [entry["event"]["release"] for entry in entries if entry["event"]["kind"] == "deployment succeeded"]
    return str(made[-1])[:12]


def _waiver(place: Place) -> str:
    status = place.ok("status", "--json").document["result"]["environments"]
    (debt,) = next(each for each in status if each["environment"] == "prod")["present"]["debts"]
    return str(debt["waiver"])


VALUES: Mapping[str, Callable[[Place], str]] = {
    "the release of dev": _runs("dev"),
    "the release of staging": _runs("staging"),
    "the release of prod": _runs("prod"),
    "the plan of prod": _plan,
    "the first release": _proven,
    "the waiver of prod": _waiver,
}


def values(mark: str, place: Place) -> dict[str, str]:
    """From `3fa9c1 is the release of dev; …`."""
    told = (re.fullmatch(r"(\S+) is (.+)", part.strip()) for part in mark.split(";") if part.strip())
    return {each[1]: VALUES[each[2]](place) for each in told if each}
