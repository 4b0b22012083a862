"""The folder that jobs of a pull request hand on: its code may have written anything into it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.store import results_folder
from envctl.adapters.store.object_store import ObstoreStore
from envctl.adapters.store.results_folder import open_results
from envctl.domain.ci.run_documents import select_last_answers
from envctl.domain.errors import OperationFailedError, UsageError
from envctl.usecases.ports.core import AlreadyExistsError
from tests.catching import catch

RUN = "20261125T080001Z-plan-f00d"
BEGUN, ANSWER = f"runs/begun/{RUN}.json", f"runs/answers/{RUN}/0001.001.json"


def opened(folder: Path, store_url: str = "file://.envctl/store") -> ObstoreStore:
    return open_results(folder, folder.parent, store_url)


def test_documents_survive_in_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "not yet" / "results"
    assert opened(folder).read(BEGUN) is None
    opened(folder).create(BEGUN, b"begun")
    opened(folder).create(ANSWER, b"answer")
    with pytest.raises(AlreadyExistsError):
        opened(folder).create(ANSWER, b"other")
    found = opened(folder)
    assert (found.read(BEGUN), found.read_all([ANSWER])) == (b"begun", [b"answer"])
    assert found.list_keys(f"runs/answers/{RUN}/") == [ANSWER]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json")) == [ANSWER, BEGUN]


def test_folder_is_relative_to_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_results(Path("results"), Path("/elsewhere"), "s3://shop-envctl-store/shop").create(BEGUN, b"begun")
    assert (tmp_path / "results" / BEGUN).read_bytes() == b"begun"


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(path.relative_to(Path.cwd())))


def put_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(results_folder.MAX_BYTES + 1)


HOSTILE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a link in place of an answer": (ANSWER, lambda path: path.symlink_to("/etc/hostname"), "it is a link"),
    "a link that leads nowhere": (ANSWER, lambda path: path.symlink_to("nowhere"), "it is a link"),
    "a link in place of a run": (BEGUN, lambda path: path.symlink_to("/dev/zero"), "it is a link"),
    "a link to a folder above": ("runs/answers/loop", lambda path: path.symlink_to(".."), "it is a link"),
    "a link in place of the runs": ("runs", lambda path: path.symlink_to("/"), "it is a link"),
    "a link beside the answers": (f"runs/answers/{RUN}/x", lambda path: path.symlink_to("/etc"), "it is a link"),
    "a pipe": (ANSWER, os.mkfifo, "it is a named pipe"),
    "a pipe in place of a run": (BEGUN, os.mkfifo, "it is a named pipe"),
    "a socket": (ANSWER, put_socket, "it is a socket"),
    "a large document": (ANSWER, put_large, "it has over 64 MiB"),
    "a name that is no text": (f"runs/answers/{RUN}/\udcff.json", Path.touch, "its name is not printable"),
    "a name with an escape": (f"runs/answers/{RUN}/\x1b[31m", Path.touch, "its name is not printable"),
    "a folder with a line break": ("runs/answers/a\nb", Path.mkdir, "its name is not printable"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    key, put, expected = HOSTILE[name]
    (tmp_path / "results" / key).parent.mkdir(parents=True)
    put(tmp_path / "results" / key)
    error = catch(OperationFailedError, opened, tmp_path / "results")
    assert [problem.code for problem in error.problems] == ["E472"]
    assert expected in error.problems[0].message
    assert error.problems[0].message.isprintable()


def test_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """The temporary folder of some systems is one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "results").symlink_to("real")
    opened(tmp_path / "results").create(BEGUN, b"begun")
    assert (tmp_path / "real" / BEGUN).read_bytes() == b"begun"


def test_other_names_in_the_folder_do_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    opened(folder).create(ANSWER, b"answer")
    for name in ("...json", "0001.002.json ", "%2e%2e%2f0001.003.json", "0001.004.json/x", "\u0661.001.json"):
        path = folder / f"runs/answers/{RUN}" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert select_last_answers(opened(folder).list_keys(f"runs/answers/{RUN}/")) == {1: ANSWER}


STORES = {
    "the same": ("store", "file://store"),
    "below it": ("store/runs", "file://store"),
    "by another way": ("other/../store", "file://store"),
    "an absolute one": ("store/x", "file://{}/store"),
}


@pytest.mark.parametrize("name", STORES)
def test_folder_of_the_store_is_refused(tmp_path: Path, name: str) -> None:
    folder, url = STORES[name]
    (tmp_path / "other").mkdir()
    error = catch(UsageError, open_results, tmp_path / folder, tmp_path, url.format(tmp_path))
    assert "E026" in str(error)
    assert "in the folder of the store" in str(error)


@pytest.mark.parametrize("name", ["a#b", "a?b", "a\nb"])
def test_folder_that_no_url_names_is_refused(tmp_path: Path, name: str) -> None:
    error = catch(UsageError, opened, tmp_path / name)
    assert "E026" in str(error)
    assert error.problems[0].message.isprintable()
