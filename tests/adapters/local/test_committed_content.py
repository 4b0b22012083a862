"""Files of random repositories against git itself: what git adds as the blob of the commit is committed, nothing else.

The other side is a new index with the committed attributes, and no configuration, flags or filters.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envctl.adapters.local.git import Git
from envctl.adapters.workspace.tree import ProjectTree

ODD_NAMES = (
    "main.tf",
    "a b.tf",
    "ü.tf",
    "-x.tf",
    "tab\tfile.tf",
    'quo"te.tf',
    "sub/[a].tf",
    "sub/deep/#.tf",
    "x\\y.tf",
)
CHUNKS = (b"a\n", b"b\r\n", b"\r\n", b"\n", b"c", b"\r", b"\0", b"\x01\x02", b"\x1a", "ü\n".encode())
PATTERNS = ("*", "*.tf", "main.tf", "sub/*", "sub/", "sub/deep/#.tf", "[attr]raw")
ATTRIBUTES = (
    "text",
    "-text",
    "text=auto",
    "!text",
    "eol=lf",
    "eol=crlf",
    "binary",
    "crlf",
    "-crlf",
    "crlf=input",
    "raw",
)
Contents = Mapping[str, bytes]

contents = st.lists(st.sampled_from(CHUNKS), max_size=5).map(b"".join)
files = st.dictionaries(st.sampled_from(ODD_NAMES), contents, min_size=1, max_size=4)
lines = st.tuples(st.sampled_from(PATTERNS), st.lists(st.sampled_from(ATTRIBUTES), min_size=1, max_size=2))
attributes = st.dictionaries(
    st.sampled_from(("", "modules", "modules/web", "modules/web/sub")), st.lists(lines, max_size=3), max_size=2
)
CHANGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: data,
    lambda data: data.replace(b"\r\n", b"\n"),
    lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    lambda data: data.replace(b"\n", b"\r\n", 1),
    lambda data: data + b"x",
    lambda data: data[:-1],
)
PLAIN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(folder: Path, *words: str, **more: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, env=PLAIN | more)
    return done.stdout


def list_blobs(listed: bytes) -> dict[str, str]:
    entries = [line.partition("\t") for line in os.fsdecode(listed).split("\0")[:-1]]
    return {path: about.split(" ")[-2 if about.endswith(" 0") else -1] for about, _, path in entries}


def find_differences(top: Path) -> set[str]:
    """Return the files whose raw content and content as git adds it are both no blob of the commit."""
    committed = list_blobs(git(top, "ls-tree", "-r", "-z", "HEAD"))
    with TemporaryDirectory() as name:
        index = {"GIT_INDEX_FILE": os.fspath(Path(name, "index"))}
        git(top, "add", "-A", "-f", "modules", **index)
        # Committed attributes count, not those of the tree.
        added = list_blobs(git(top, "ls-files", "-s", "-z", **index))
    raw = {path: os.fsdecode(git(top, "hash-object", "--no-filters", "--", path)).strip() for path in added}
    here = {path: {added[path], raw[path]} for path in added if not path.endswith(".gitattributes")}
    lost = {path for path in committed if path.startswith("modules/") and path not in added}
    return {path for path, names in here.items() if committed.get(path) not in names} | lost


def write_repository(top: Path, before: Contents, rules: Mapping[str, list[tuple[str, list[str]]]]) -> None:
    for name, data in before.items():
        file = top / "modules/web" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    git(top, "init", "-q")
    # As they are: a repository may hold any line endings.
    git(top, "add", "-A")
    for folder, named in rules.items():
        file = top / folder / ".gitattributes"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{pattern} {' '.join(words)}\n" for pattern, words in named))
        blob = os.fsdecode(git(top, "hash-object", "-w", "--no-filters", "--", os.fspath(file))).strip()
        git(top, "update-index", "--add", "--cacheinfo", f"100644,{blob},{file.relative_to(top)}")
    git(top, "commit", "-q", "--allow-empty", "-m", "one")


def read_differences(top: Path) -> set[str]:
    found = ProjectTree(top).read_folder("modules/web") or {}
    return {each.rpartition(" (")[0] for each in Git(top).read_revision(["modules/web"], found).differences}


@settings(max_examples=min(settings().max_examples, 300))
@given(before=files, rules=attributes, changes=st.dictionaries(st.sampled_from(ODD_NAMES), st.sampled_from(CHANGES)))
@example({"main.tf": b"a\r\n"}, {"": [("*", ["text"])]}, {"main.tf": CHANGES[0]})
@example({"main.tf": b"a\nb\r\n"}, {"": [("*", ["text=auto"])]}, {"main.tf": CHANGES[2]})
def test_git_and_envctl_agree_on_random_repositories(
    before: Contents,
    rules: Mapping[str, list[tuple[str, list[str]]]],
    changes: Mapping[str, Callable[[bytes], bytes]],
) -> None:
    with TemporaryDirectory() as name:
        top = Path(name)
        write_repository(top, before, rules)
        for path, change in changes.items():
            file = top / "modules/web" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(change(before.get(path, b"new\n")))
        assert read_differences(top) == find_differences(top)


def make_plain(top: Path) -> Path:
    write_repository(top, {"main.tf": b"a\n", "sub/x.tf": b"b\n"}, {"": [("*", ["text=auto"])]})
    (top / "other").mkdir()
    (top / "other" / "big.tf").write_bytes(b"c\n")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "two")
    return top


def clone(*words: str) -> Callable[[Path, Path], object]:
    return lambda top, to: git(top, "clone", "-q", *words, f"file://{top}", os.fspath(to))


def add_worktree(top: Path, to: Path) -> None:
    git(top, "worktree", "add", "-q", os.fspath(to), "HEAD")


def clone_sparse(top: Path, to: Path) -> None:
    git(top, "clone", "-q", "--no-checkout", f"file://{top}", os.fspath(to))
    git(to, "sparse-checkout", "set", "modules")
    git(to, "checkout", "-q")


def clone_with_line_endings(top: Path, to: Path) -> None:
    git(top, "-c", "core.autocrlf=true", "clone", "-q", f"file://{top}", os.fspath(to))


CLONES: dict[str, Callable[[Path, Path], object]] = {
    "whole": clone(),
    "shallow": clone("--depth", "1"),
    "partial": clone("--filter=blob:none"),
    "sparse": clone_sparse,
    "a linked worktree": add_worktree,
    "borrowed objects": clone("--shared"),
    "line endings of Windows": clone_with_line_endings,
}


@pytest.mark.parametrize("make", CLONES.values(), ids=CLONES)
def test_each_kind_of_clone_is_compared(tmp_path: Path, make: Callable[[Path, Path], object]) -> None:
    (tmp_path / "top").mkdir()
    top, to = make_plain(tmp_path / "top"), tmp_path / "clone"
    git(top, "config", "uploadpack.allowFilter", "true")
    make(top, to)
    assert read_differences(to) == set()
    (to / "modules/web/sub/x.tf").write_bytes(b"changed\n")
    assert read_differences(to) == {"modules/web/sub/x.tf"}
