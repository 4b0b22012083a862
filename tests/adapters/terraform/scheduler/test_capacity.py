"""How many units a machine bears at once."""

import pytest

from envctl.adapters.terraform.scheduler.capacity import (
    DEFAULT_UNIT_MEMORY,
    UNLIMITED,
    Limits,
    Load,
    Machine,
    can_start_unit,
    share_cores,
)

GIB = 1 << 30
TWO_CORES = Machine(2, 8 * GIB)

CASES = {
    "one always may, however much it takes": (Load(), 100 * GIB, Machine(1, GIB), UNLIMITED, True),
    "two a core begin at once where idle cores are not measured": (Load([GIB] * 3), GIB, TWO_CORES, UNLIMITED, True),
    "a fifth on two cores waits where they are not": (Load([GIB] * 4), GIB, TWO_CORES, UNLIMITED, False),
    "of many, one a core begins at once": (Load([GIB], 0.0, units=12), GIB, TWO_CORES, UNLIMITED, True),
    "of many, a third on two cores waits at first": (Load([GIB] * 2, 0.0, units=12), GIB, TWO_CORES, UNLIMITED, False),
    "of many, a third begins where a core is idle": (Load([GIB] * 2, 0.9, units=12), GIB, TWO_CORES, UNLIMITED, True),
    "of many, a third waits while they keep the cores busy": (
        Load([GIB] * 2, 0.0, units=12, used=1.6),
        GIB,
        TWO_CORES,
        UNLIMITED,
        False,
    ),
    "of many, a third begins where others take the cores": (
        Load([GIB] * 2, 0.0, units=12, used=0.8),
        GIB,
        TWO_CORES,
        UNLIMITED,
        True,
    ),
    "of many, a fifth waits where others take them": (
        Load([GIB] * 4, 0.0, units=12, used=0.8),
        GIB,
        TWO_CORES,
        UNLIMITED,
        False,
    ),
    "of four, the last two do not wait": (Load([GIB] * 3, 0.0, units=4), GIB, TWO_CORES, UNLIMITED, True),
    "of five, a third waits": (Load([GIB] * 2, 0.0, units=5), GIB, TWO_CORES, UNLIMITED, False),
    "a fifth waits while the cores are busy": (Load([GIB] * 4, 0.1), GIB, TWO_CORES, UNLIMITED, False),
    "a fifth begins where a core is idle": (Load([GIB] * 4, 0.9), GIB, TWO_CORES, UNLIMITED, True),
    "an idle core helps nothing where memory is short": (Load([GIB] * 6, 0.9), GIB, TWO_CORES, UNLIMITED, False),
    "no more than eight a core": (Load([1] * 16, 2.0), 1, TWO_CORES, UNLIMITED, False),
    "half a core begins two": (Load([1]), 1, Machine(0.5, 8 * GIB), UNLIMITED, True),
    "half a core begins no three": (Load([1] * 2), 1, Machine(0.5, 8 * GIB), UNLIMITED, False),
    "who says one gets one": (Load([1]), 1, TWO_CORES, Limits(parallelism=1), False),
    "who says eight gets eight, be the cores busy": (Load([1] * 7, 0.0), 1, TWO_CORES, Limits(parallelism=8), True),
    "memory counts for who says eight": (Load([GIB] * 7, 0.0), GIB, TWO_CORES, Limits(parallelism=8), False),
    "--memory is kept to": (Load([GIB]), GIB, TWO_CORES, Limits(memory=GIB * 3 // 2), False),
    "what is taken once counts once": (Load([GIB], shared=GIB // 4), GIB, TWO_CORES, Limits(memory=2 * GIB), False),
    "--memory may be more than what is free": (Load([5 * GIB]), 5 * GIB, TWO_CORES, Limits(memory=10 * GIB), True),
    "a machine that does not say has enough": (Load([GIB] * 3), 900 * GIB, Machine(2), UNLIMITED, True),
    "what nobody measured takes a gibibyte": (
        Load([DEFAULT_UNIT_MEMORY]),
        DEFAULT_UNIT_MEMORY,
        Machine(2, 2 * GIB),
        UNLIMITED,
        False,
    ),
}


@pytest.mark.parametrize(("load", "need", "machine", "limits", "admitted"), CASES.values(), ids=CASES)
def test_whether_one_more_begins(load: Load, need: int, machine: Machine, limits: Limits, admitted: bool) -> None:
    assert can_start_unit(load, need, machine, limits) is admitted


SHARES = {
    "one unit has all cores": (1, Machine(8), UNLIMITED, None),
    "before any unit, all cores are free": (0, Machine(8), UNLIMITED, None),
    "three units on two cores have one each": (3, Machine(2), UNLIMITED, 1),
    "two units on eight cores have four each": (2, Machine(8), UNLIMITED, 4),
    "the rest of a division stays free": (3, Machine(8), UNLIMITED, 2),
    "of many units, only those at once share": (100, Machine(8), Limits(parallelism=2), 4),
    "one at once has all cores": (100, Machine(8), Limits(parallelism=1), None),
    "half a core counts as one": (2, Machine(0.5), UNLIMITED, None),
    "a core and a half are one for each of two": (2, Machine(1.5), UNLIMITED, 1),
}


@pytest.mark.parametrize(("units", "machine", "limits", "cores"), SHARES.values(), ids=SHARES)
def test_units_share_the_cores(units: int, machine: Machine, limits: Limits, cores: int | None) -> None:
    assert share_cores(machine, limits, units) == cores
