"""Whatever stands in a file of `.envctl/`: a command works without it, or says what is wrong. It never ends in E070."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import PreparedProjects, Project, apply_small

pytestmark = pytest.mark.terraform

DAMAGES: dict[str, bytes] = {
    "nested": b"[" * 100_000,
    "empty": b"",
    "a list": b"[1]",
    "other values": b'{"a": {"b": [null, 1e400, "\\ud800"]}}',
    "no text": b"\xff\x00",
}
COMMANDS = (("status",), ("plan", "dev"), ("history",))


def list_damages(data: bytes) -> Iterator[bytes]:
    """The damages of DAMAGES, and each value at the top of a document as something else."""
    yield from DAMAGES.values()
    try:
        document = json.loads(data)
    except ValueError:
        return
    for key in document if isinstance(document, dict) else ():
        for other in (None, 1, ["a", "b"], {"a": 1}, "\ud800"):
            yield json.dumps({**document, key: other}).encode()


def list_files(project: Project) -> list[Path]:
    """By the link of the work folder too."""
    found = [each for each in project.list_files() if {".envctl", ".cache"} & {*each.parts}]
    return [Path(os.path.relpath(each, project.root)) for each in found if "logs" not in each.parts]


@pytest.mark.parametrize("damage", keep_by_day(DAMAGES, "nested"))
def test_damaged_file_of_envctl_is_no_bug(damage: bytes, prepared: PreparedProjects) -> None:
    project = prepared.restore(apply_small)
    names = list_files(project)
    assert len(names) > 10
    for name in names:
        before = (project.root / name).read_bytes()
        (project.root / name).write_bytes(damage)
        ended = project.run("status")
        assert (ended.code == 70, "E070" in ended.err) == (False, False), (name, ended.err[-500:])
        (project.root / name).write_bytes(before)


@pytest.mark.night
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_changed_file_of_envctl_is_no_bug(command: tuple[str, ...], prepared: PreparedProjects) -> None:
    first = prepared.restore(apply_small)
    damages = [(name, each) for name in list_files(first) for each in list_damages((first.root / name).read_bytes())]
    for name, damage in damages:
        project = prepared.restore(apply_small)
        (project.root / name).write_bytes(damage)
        ended = project.run(*command)
        assert (ended.code == 70, "E070" in ended.err) == (False, False), (name, damage[:80], ended.err[-500:])
