"""How the cost grows: with stacks, with resources, with the entries of the ledger, and with releases."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import bound, histories
from benchmarks.histories import History
from benchmarks.measure import Command, Sample, clean_environment, in_rounds, together, walls
from benchmarks.projects import ENVCTL, Place, Shape, Yard, lay_out_roots
from benchmarks.results import Results
from benchmarks.stacks import measured

STACKS, MEASURED = (1, 3, 12, 36), 12
RESOURCES = (8, 60, 150)
# So that as many entries come after the last checkpoint each time: 100 of at most 255 that a command may have to read.
ENTRIES = (100, 1124, 10084)
RELEASES = (1, 100)
ROOTS = (20, 200)
# `preview` plans staging, where nothing is deployed; all others find no changes.
ROOT_COMMANDS = (["validate"], ["status"], ["plan", "dev"], ["drift", "dev"], ["preview"])
ROOT_TARGET = 1.5


def run(results: Results, yard: Yard) -> None:
    many = Shape.even(max(STACKS))
    large = {f"r{resources}": resources for resources in RESOURCES}
    place = yard.place("growth", replace(many, stacks={**many.stacks, **large}))
    _stacks(results, place, list(many.stacks))
    _resources(results, place)
    with TemporaryDirectory() as folder:
        _ledger(results, Path(folder))
        _releases(results, Path(folder))


def run_roots(results: Results, _: Yard) -> None:
    """Processor time, as the worker pool fills the cores in any case. Terraform's own is part of it."""
    results.theme("Growth: root modules as they are, no provider")
    with TemporaryDirectory() as folder:
        places = {count: Path(folder, str(count)) for count in ROOTS}
        for count, place in places.items():
            lay_out_roots(place, count)
            Command([ENVCTL, "apply", "dev", "--yes"], place, clean_environment()).run()
        for words in ROOT_COMMANDS:
            sides = [[Command([ENVCTL, *words], place, clean_environment())] for place in places.values()]
            few, many = ([together(each) for each in side] for side in in_rounds(sides, results.rounds(5)))
            results.heed((*few, *many))
            shares = [[each.cpu / count for each in side] for count, side in zip(ROOTS, (few, many), strict=True)]
            note = " and ".join(f"{1000 * statistics.median(each):.0f} ms" for each in shares)
            what = f"envctl {' '.join(words)}, CPU for each of {ROOTS[1]} roots / of {ROOTS[0]}"
            results.ratio(what, shares[1], shares[0], ROOT_TARGET, note)


def _stacks(results: Results, place: Place, names: Sequence[str]) -> None:
    """They are alike: twelve of them are measured alone, and count three times where there are more."""
    results.theme("Growth: stacks of 8 resources, 0 ms")
    sides = [[place.plan("dev", name) for name in names[:MEASURED]]]
    for count in STACKS:
        chosen = [word for name in names[:count] for word in ("--stack", name)]
        sides += [[place.envctl("plan", "dev", *chosen)], [place.envctl("drift", "dev", *chosen)]]
    loop, others = measured(results, sides, 2, warm=True)
    for number, count in enumerate(STACKS):
        theirs = [bound.of(each[:count], max(1, count // MEASURED)).seconds for each in loop]
        for verb, ours in zip(("plan", "drift"), others[2 * number : 2 * number + 2], strict=True):
            note = f"{statistics.median(walls(ours)):.2f} s, {statistics.median(walls(ours)) / count:.2f} s a stack"
            results.ratio(f"envctl {verb}, {count} stacks / bound", walls(ours), theirs, note=note)


def _resources(results: Results, place: Place) -> None:
    results.theme("Growth: resources of a stack, 0 ms")
    for resources in RESOURCES:
        stack = f"r{resources}"
        sides = [[place.plan("dev", stack)]]
        sides += [[place.envctl(verb, "dev", "--stack", stack)] for verb in ("plan", "drift")]
        plain, *ours = ([together(each) for each in side] for side in in_rounds(sides, results.rounds(5)))
        for verb, samples in zip(("plan", "drift"), ours, strict=True):
            results.heed((*plain, *samples))
            note = f"{statistics.median(walls(samples)):.2f} s"
            what = f"envctl {verb}, {resources} resources / terraform plan"
            results.ratio(what, walls(samples), walls(plain), 1.08 if resources == RESOURCES[0] else None, note)


def _ledger(results: Results, folder: Path) -> None:
    results.theme("Growth: entries of the ledger, no Terraform")
    places = {entries: _history(folder, History(entries, entries // 10)) for entries in ENTRIES}
    for verb in ("status", "history"):
        _against_the_least(results, [verb], places, "entries", 1.5)


def _releases(results: Results, folder: Path) -> None:
    results.theme("Growth: releases in the store, no Terraform")
    places = {releases: _history(folder, History(1124, releases)) for releases in RELEASES}
    for words in (["why", "staging"], ["promote", "dev", "staging", "--dry-run"]):
        _against_the_least(results, words, places, "releases", None)


def _history(folder: Path, history: History) -> Path:
    place = folder / f"{history.entries}-{history.releases}"
    histories.lay_out(place, history)
    return place


def _against_the_least(
    results: Results, words: list[str], places: dict[int, Path], counted: str, target: float | None
) -> None:
    what = f"envctl {' '.join(words)}"
    commands = [Command([ENVCTL, *words], place, clean_environment()) for place in places.values()]
    rounds: list[list[Sample]] = [
        [together(each) for each in side] for side in in_rounds([[command] for command in commands], results.rounds(15))
    ]
    least, *more = rounds
    few, *many = places
    results.say(f"{what}, {few} {counted}: {statistics.median(walls(least)):.2f} s")
    for count, samples in zip(many, more, strict=True):
        results.heed(samples)
        note = f"{statistics.median(walls(samples)):.2f} s"
        results.ratio(f"{what}, {count} {counted} / {few}", walls(samples), walls(least), target, note)
