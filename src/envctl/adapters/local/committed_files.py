"""The difference between files and a commit, by content. Git lists the commit, and runs no filter on any file.

Of the conversions of git, line endings by the committed .gitattributes count, and pointers of LFS.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import dirname, normpath, relpath
from tempfile import TemporaryDirectory

from envctl.adapters.disk.files import is_file, read_bytes, write_bytes, write_text
from envctl.adapters.local.git_commands import run_git_bytes
from envctl.domain.release.bundle import File
from envctl.domain.terraform.workdir_names import EXCLUDED_PARTS

_LINK, _SUBMODULE = "120000", "160000"
_ABSENT, _UNKNOWN = "not in the commit", "this clone lacks its commit"
_OFFLINE = ("-c", "protocol.allow=never")  # a partial clone would fetch what it lacks
_CONVERSIONS = ("filter", "ident", "working-tree-encoding")
_ATTRIBUTES = ("text", "crlf", "eol", *_CONVERSIONS)
_POINTER = re.compile(rb"version https://\S+/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n?")
_CONTROLS = bytes({*range(32), 127} - set(b"\b\t\n\r\x1b\f"))  # in no text, except a few


def list_differences(
    top: Path, project: str, commit: str, paths: Sequence[str], files: Mapping[str, File]
) -> tuple[str, ...]:
    """Return each file that is not here as in a new clone of the commit, with the reason in brackets.

    `files` are of a release, by path of the project, whose path below `top` is `project`. Files at `paths` are read,
    and files of the commit at or below `paths` must be here.
    """
    tree = _CommitTree(top)
    if (paths or files) and not tree.load_commit("", commit):
        return (f"all files ({_UNKNOWN})",)
    here = {path: _read_file(top / project / path) for path in paths if is_file(top / project / path)}
    contents, found, unlike = (
        here | {path: each.data for path, each in files.items()},
        dict[str, str](),
        dict[str, str](),
    )
    for path, data in contents.items():
        place = tree.find_place(f"{project}/{path}")
        mode, name = tree.entries.get(place, ("", ""))
        if data is None or not mode or mode == _SUBMODULE:
            found[path] = "not readable" if data is None else _UNKNOWN if mode else _ABSENT
        elif path in files and files[path].executable != mode.endswith("755"):
            found[path] = "executable" if files[path].executable else "not executable"
        elif hash_blob(data, name) != name:
            unlike[path] = place
    attributes = tree.read_attributes(set(unlike.values()))
    blobs = tree.read_blobs(place for place, each in attributes.items() if each["filter"] == "lfs")
    for path, place in unlike.items():
        pointer = _POINTER.fullmatch(blobs.get(place, b""))
        found[path] = _explain(contents[path] or b"", tree.entries[place][1], attributes[place], pointer)
    for folder in paths:
        below = set(tree.list_files(normpath(f"{project}/{folder}"), folder)) - contents.keys()
        found |= {each: "missing" for each in below if not is_file(top / project / each)}
    shown = ((path.encode("utf-8", "replace").decode(), found[path]) for path in sorted(found) if found[path])
    return tuple(f"{path} ({reason})" for path, reason in shown)


def hash_blob(data: bytes, like: str) -> str:
    """Return git's id of the content, with the hash of the id `like`."""
    blob = b"blob %d\0%b" % (len(data), data)
    digest = hashlib.sha1(blob, usedforsecurity=False)
    return digest.hexdigest() if len(like) == digest.digest_size * 2 else hashlib.sha256(blob).hexdigest()


def _read_file(file: Path) -> bytes | None:
    try:
        return read_bytes(file)
    except OSError:
        return None


def _explain(data: bytes, name: str, attributes: Mapping[str, str], pointer: re.Match[bytes] | None) -> str:
    """Return why content with another hash is other content; empty if it is not."""
    if pointer:
        is_same = (hashlib.sha256(data).hexdigest().encode(), len(data)) == (pointer[1], int(pointer[2]))
        return "" if is_same else "other LFS content"
    is_unified = hash_blob(data.replace(b"\r\n", b"\n"), name) == name
    if is_unified and _is_text(data, attributes):
        return ""
    conversion = next((each for each in _CONVERSIONS if attributes[each] not in ("unspecified", "unset")), "")
    other = "other line endings" if is_unified else "changed"
    return f"{conversion} of .gitattributes is not applied" if conversion else other


def _is_text(data: bytes, attributes: Mapping[str, str]) -> bool:
    """Tell if git unifies the line endings of a file."""
    values = (attributes["text"], attributes["crlf"])
    action = next((each for each in values if each in ("set", "unset", "auto", "input")), "")
    if action != "auto":
        return action in ("set", "input") or (not action and attributes["eol"] in ("lf", "crlf"))
    controls = len(data) - len(data.translate(None, _CONTROLS))
    printable = len(data) - controls - data.count(b"\r") - data.count(b"\n")
    is_single = data.count(b"\r") != data.count(b"\r\n")
    return not (is_single or b"\0" in data or printable >> 7 < controls - data.endswith(b"\x1a"))


class _CommitTree:
    """The files of a commit, by path from the top of the repository: also those of its submodules, as they are needed.

    Attributes:
        entries: mode and id of each file, link and submodule.
    """

    def __init__(self, top: Path) -> None:
        self.entries: dict[str, tuple[str, str]] = {}
        self._top = top
        self._repositories: list[str] = []
        self._links: dict[str, str] = {}

    def load_commit(self, folder: str, commit: str) -> bool:
        """Load the commit of a repository in this folder; False if the clone lacks it."""
        listed = run_git_bytes(self._top / folder, *_OFFLINE, "ls-tree", "-r", "-z", "--full-tree", commit)
        if listed is None:
            return False
        self._repositories.insert(0, folder)
        for line in os.fsdecode(listed).split("\0")[:-1]:
            about, _, path = line.partition("\t")
            mode, _, name = about.split(" ")
            self.entries[f"{folder}/{path}".lstrip("/")] = mode, name
        links = [path for path, (mode, _) in self.entries.items() if mode == _LINK and path not in self._links]
        self._links |= {path: os.fsdecode(target) for path, target in self.read_blobs(links).items()}
        return True

    def find_place(self, path: str, depth: int = 40) -> str:
        """Return the path at the end of all links; that of a submodule whose commit is not here."""
        parts = normpath(path).split("/")
        for at in range(1, len(parts) + 1):
            place = "/".join(parts[:at])
            mode, name = self.entries.get(place, ("", ""))
            if mode == _LINK:
                target = self._links.get(place, "/")
                # A link out of the repository leads to nothing that a commit has.
                if target.startswith("/") or not depth:
                    return ""
                return self.find_place("/".join((dirname(place) or ".", target, *parts[at:])), depth - 1)
            if mode == _SUBMODULE:
                if not self.load_commit(place, name):
                    return place
                del self.entries[place]
        return "/".join(parts)

    def list_files(self, path: str, named: str) -> Iterator[str]:
        """Yield the files at or below a path that a release may hold, as paths that begin with `named`."""
        place = self.find_place(path)
        if place in self.entries:
            yield named
        top = "" if place == "." else f"{place}/"
        for each in [each for each in self.entries if place and each.startswith(top)]:
            rest = each.removeprefix(top)
            is_code = not EXCLUDED_PARTS.intersection(rest.split("/")) and not (named == "." and rest.startswith("."))
            if is_code and self.find_place(each) in self.entries:
                yield normpath(f"{named}/{rest}")

    def read_blobs(self, places: Iterable[str]) -> dict[str, bytes]:
        """Return the contents by path, without those that the clone lacks."""
        found, wanted = dict[str, bytes](), list(places)
        for repository in self._repositories:
            inside = [each for each in wanted if self._find_repository(each) == repository]
            names = "".join(f"{self.entries[each][1]}\n" for each in inside).encode()
            words = (*_OFFLINE, "cat-file", "--batch")
            rest = (run_git_bytes(self._top / repository, *words, stdin=names) if inside else b"") or b""
            for each in inside:
                about, _, rest = rest.partition(b"\n")
                if (size := about.rpartition(b" ")[2]).isdigit():
                    found[each], rest = rest[: int(size)], rest[int(size) + 1 :]
        return found

    def read_attributes(self, places: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the committed attributes. In a repository with nothing but these, git finds no others."""
        found, wanted = dict[str, dict[str, str]](), sorted(places)
        files = [each for each in self.entries if each.rpartition("/")[2] == ".gitattributes"] if wanted else []
        contents = self.read_blobs(each for each in files if self.entries[each][0] != _LINK)
        for repository in self._repositories:
            inside = [each for each in wanted if self._find_repository(each) == repository]
            with TemporaryDirectory() as name:
                for made in (".git/objects", ".git/refs"):
                    Path(name, made).mkdir(parents=True)
                write_text(Path(name, ".git/HEAD"), "ref: refs/heads/main\n")
                for each, content in contents.items():
                    if inside and ".." not in each.split("/") and self._find_repository(each) == repository:
                        file = Path(name, relpath(each, repository or "."))
                        file.parent.mkdir(parents=True, exist_ok=True)
                        write_bytes(file, content)
                questions = b"".join(os.fsencode(relpath(each, repository or ".")) + b"\0" for each in inside)
                words = ("-c", f"core.attributesFile={os.devnull}", "-c", "core.ignoreCase=false", "check-attr", "-z")
                answers = run_git_bytes(Path(name), *words, "--stdin", *_ATTRIBUTES, stdin=questions) if inside else b""
            values = os.fsdecode(answers or b"").split("\0")[2::3] or ["unset"] * len(inside) * len(_ATTRIBUTES)
            for number, each in enumerate(inside):
                found[each] = dict(zip(_ATTRIBUTES, values[number * len(_ATTRIBUTES) :], strict=False))
        return found

    def _find_repository(self, place: str) -> str:
        return next(each for each in self._repositories if not each or place.startswith(f"{each}/"))
