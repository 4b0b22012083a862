"""`make sources SOURCES=FOLDER`: checks that the Go sources that files of rules name exist, with their functions.

The folder has one folder for each Go module, named with its tag, as `go mod download` writes them: a cache of modules,
with `k8s.io/kubernetes@v1.36.2`. A docstring of a file ends with a paragraph of one of these forms:

    Source: MODULE TAG, PATH (FUNCTION, ...), PATH (FUNCTION, ...); MODULE TAG, PATH (FUNCTION, ...).
    Source: none; this is a helper of ...
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kube_api_emulator.versions import RULES_TAG

SERVER = Path(__file__).parents[1] / "src" / "kube_api_emulator" / "server"
FOLDERS = ("access", "admission", "controllers", "rules")
KUBERNETES = "k8s.io/kubernetes"
# The modules that a release of Kubernetes publishes with itself have the tags v0.x.y.
STAGED_TAG = RULES_TAG.replace("v1.", "v0.", 1)
STAGED = frozenset(
    f"k8s.io/{name}"
    for name in (
        *("apiextensions-apiserver", "apimachinery", "apiserver", "component-helpers", "kube-aggregator"),
        "pod-security-admission",
    )
)
# The other modules are those that go.mod of Kubernetes requires.
TAGS = {
    KUBERNETES: RULES_TAG,
    **dict.fromkeys(STAGED, STAGED_TAG),
    "github.com/google/cel-go": "v0.26.0",
    "github.com/robfig/cron/v3": "v3.0.1",
    "gopkg.in/evanphx/json-patch.v4": "v4.13.0",
    "k8s.io/kube-openapi": "v0.0.0-20260317180543-43fb72c5454a",
    "sigs.k8s.io/json": "v0.0.0-20250730193827-2d320260d730",
    "sigs.k8s.io/structured-merge-diff/v6": "v6.3.2",
}

_NONE = re.compile(r"Source: none; this is a helper [^;]+\.")
_MODULE = re.compile(r"(?P<module>\S+) (?P<tag>v\S+), (?P<files>.+)")
_FILE = re.compile(r"(?P<path>[\w./-]+\.go) \((?P<names>\w+(?:, \w+)*)\)(?:, |\Z)")


@dataclass(frozen=True)
class Source:
    """One Go file that rules were translated from, with the names of its main functions."""

    module: str
    tag: str
    path: str
    names: tuple[str, ...]


def list_files() -> list[Path]:
    """Return the files that name their sources."""
    files = (path for folder in FOLDERS for path in sorted((SERVER / folder).rglob("*.py")))
    return [path for path in files if path.name != "__init__.py"]


def read_sources(text: str) -> list[Source]:
    """Return the sources that the docstring of a file names. Raises ValueError for a docstring of another form."""
    line = " ".join((ast.get_docstring(ast.parse(text)) or "").rpartition("\n\n")[2].split())
    if _NONE.fullmatch(line):
        return []
    if not line.startswith("Source: ") or not line.endswith("."):
        raise ValueError("the docstring does not end with a source")
    parts = line.removeprefix("Source: ").removesuffix(".").split("; ")
    return [source for part in parts for source in _read_module(part)]


def _read_module(part: str) -> Iterator[Source]:
    found = _MODULE.fullmatch(part)
    if found is None:
        raise ValueError(f"no module, tag and files: {part}")
    files = list(_FILE.finditer(found["files"]))
    if "".join(each[0] for each in files) != found["files"]:
        raise ValueError(f"no paths with functions: {found['files']}")
    for each in files:
        yield Source(found["module"], found["tag"], each["path"], tuple(each["names"].split(", ")))


def find_problem(source: Source, folder: Path) -> str:
    """Return what a source names that a folder of modules does not have; empty for nothing."""
    place = f"{source.module}@{source.tag}/{source.path}"
    path = folder / place
    if not path.is_file():
        return f"{place} not found"
    text = path.read_text(encoding="utf-8")
    missing = [name for name in source.names if not _declares(text, name)]
    return f"{place} does not declare {', '.join(missing)}" if missing else ""


def _declares(text: str, name: str) -> bool:
    """Return whether Go code declares a function, a method, a type, or a value at its top."""
    return re.search(rf"^(func (\([^)]*\) )?|type |var |const |\t){name}\b", text, re.MULTILINE) is not None


def find_wrong_tags(folder: Path) -> Iterator[str]:
    """Yield the modules of which Kubernetes requires another version."""
    required = (folder / f"{KUBERNETES}@{RULES_TAG}" / "go.mod").read_text(encoding="utf-8")
    for module, tag in TAGS.items():
        if module != KUBERNETES and module not in STAGED and f"\t{module} {tag}\n" not in required:
            yield f"Kubernetes {RULES_TAG} does not require {module} {tag}"


def find_problems(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the sources of all files, by a folder of modules."""
    yield from find_wrong_tags(folder)
    for path in list_files():
        yield from (f"{path.relative_to(SERVER)}: {problem}" for problem in _find_problems_of_file(path, folder))


def _find_problems_of_file(path: Path, folder: Path) -> Iterator[str]:
    try:
        sources = read_sources(path.read_text(encoding="utf-8"))
    except ValueError as error:
        yield str(error)
        return
    yield from filter(None, (find_problem(source, folder) for source in sources))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    problems = list(find_problems(parser.parse_args().folder))
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
