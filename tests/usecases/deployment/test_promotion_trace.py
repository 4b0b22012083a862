"""How much code one promotion enters: a reader who follows it meets few files, and few levels of calls.

Every Python frame of envctl counts, those of comprehensions and generators too.
"""

import sys
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

import envctl
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from tests.fakes.world import World

SOURCES = Path(str(envctl.__file__)).parent
# A file has one theme, and its name says it: the guards of a promotion alone are in ten files.
# Authors of a change, its clusters, its place and its program are a file each.
MOST_FILES = 72
MOST_LEVELS = 13


@cache
def trace_promotion() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the entered files of a promotion, and its deepest chain of calls, the outermost first.

    Another promotion before it has imported all modules.
    """
    before, world = World(), World()
    for each in (before, world):
        apply(each.ports, "dev")
    promote(before.ports, "dev", "staging")
    entered: set[CodeType] = set()
    chain: list[CodeType] = []
    deepest: list[CodeType] = []

    def note_frame(frame: FrameType, event: str, _: object) -> None:
        if not frame.f_code.co_filename.startswith(f"{SOURCES}/"):
            return
        if event == "call":
            entered.add(frame.f_code)
            chain.append(frame.f_code)
            if len(chain) > len(deepest):
                deepest[:] = chain
        elif event == "return":
            chain.pop()

    profiler = sys.getprofile()
    sys.setprofile(note_frame)
    try:
        promote(world.ports, "dev", "staging")
    finally:
        sys.setprofile(profiler)
    return tuple(sorted({_name_file(code) for code in entered})), tuple(map(_name_function, deepest))


def _name_file(code: CodeType) -> str:
    return str(Path(code.co_filename).relative_to(SOURCES))


def _name_function(code: CodeType) -> str:
    return f"{_name_file(code)}: {code.co_qualname}"


def test_promotion_enters_few_files() -> None:
    files, _ = trace_promotion()
    assert "usecases/deployment/promote.py" in files
    assert len(files) <= MOST_FILES, "\n".join((f"{len(files)} files:", *files))


def test_promotion_has_few_levels_of_calls() -> None:
    _, deepest = trace_promotion()
    assert "promote" in deepest[0]
    assert len(deepest) <= MOST_LEVELS, "\n".join((f"{len(deepest)} levels:", *deepest))
