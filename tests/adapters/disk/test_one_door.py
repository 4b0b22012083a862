"""Files that a person may have put there are opened through one door: a pipe in their place is not waited for."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import envctl

PACKAGE = Path(envctl.__file__).parent
READS = {"read_text", "read_bytes", "open"}
WRITES = {"write_text", "write_bytes"}
# Where a file is opened otherwise, and why nobody can have put another thing there.
APART = {
    "adapters/disk/files.py": "the door",
    "adapters/local/templates.py": "files of the package",
    "cli/render/html/page.py": "a file of the package",
    "adapters/local/trace.py": "/proc",
    "adapters/local/installation.py": "the records of installed packages",
    "adapters/terraform/scheduler/machine.py": "/proc and /sys",
    "adapters/terraform/state/state_lock.py": "/proc",
    "adapters/terraform/process/stack_lock.py": "/proc, and the lock, opened to read and write: that waits for nobody",
    "adapters/workspace/workspace.py": "the lock, opened to read and write: that waits for nobody",
    "adapters/local/new_folder.py": "in a new folder of our own",
    "adapters/local/machine.py": "a new file of our own, put in its place",
    "adapters/aws/credentials/account_cache.py": "a new file of our own, put in its place",
    "adapters/terraform/formatting.py": "in a new folder of our own",
    "adapters/disk/emulator_package.py": "metadata of an installed package",
    "adapters/terraform/modules/fetch.py": "in a new folder of our own",
    "adapters/terraform/init/package_hash.py": "the package of a provider, which Terraform has unpacked",
    "adapters/terraform/init/provider_source.py": "no file: a connection",
    "adapters/terraform/init/cache_locks.py": "a lock, which is opened to read and write: that waits for nobody",
    "adapters/terraform/state/local_state.py": "a new file of our own, where nothing lies",
    "adapters/terraform/state/unsaved_state.py": "a new file of our own",
    "adapters/terraform/diagnostics/full_disk.py": "a file of our own",
    "adapters/sandbox/launch.py": "the log of our own server",
    "adapters/sandbox/files.py": "a lock, and new files of our own",
    "adapters/sandbox/mirror.py": "in a new folder of our own, and archives of installed packages",
    "adapters/terraform/plans/plan_files.py": "a file in memory",
    "adapters/workspace/work_folder.py": "a folder, to lock it",
    "adapters/terraform/plans/plan_origin.py": "in an archive that is open already",
    "cli/commands/project/schema.py": "a file of the package",
    "cli/app.py": "no file: a help text",
    "cli/boundary.py": "/dev/null",
    "cli/failures.py": "a new log of our own",
    "cli/output/consoles.py": "/dev/null",
    "domain/release/bundle.py": "bytes",
    "adapters/kubernetes/rendering/chart.py": "in a new folder of our own",
    "adapters/kubernetes/rendering/renderer.py": "in a new folder of our own, and copies in it",
    "adapters/kubernetes/rendering/stack_rendering.py": "in a new folder of our own, and copies in it",
    "adapters/kubernetes/rendering/code_reader.py": "bytes",
    "adapters/terraform/packages/archive.py": "an archive in memory",
    "adapters/terraform/packages/signature.py": "in a new folder of our own",
    "workflows/every/comment.py": "a script of a job without envctl, with a check of its own",
    "adapters/kubernetes/exec_plugin.py": "no file: an entry of a kubeconfig",
    "adapters/kubernetes/kubeconfig.py": "no file: an entry of a kubeconfig",
    "adapters/kubernetes/kubeconfig_file.py": "no file: an entry of a kubeconfig",
}


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call of these names. Files without them are not parsed, which takes seconds for all."""
    names = re.compile("|".join((*READS, *WRITES, "expanduser", "resolve")))
    found: list[tuple[str, ast.Call]] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        name, text = file.relative_to(PACKAGE).as_posix(), file.read_text()
        if not name.startswith("templates/") and names.search(text):
            found += [(name, node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return tuple(found)


def opened() -> Iterator[tuple[str, int, str]]:
    for name, node in calls():
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in READS | WRITES:
            yield name, node.lineno, called.attr
        elif isinstance(called, ast.Name) and called.id == "open":
            yield name, node.lineno, "open"


def test_files_are_opened_through_one_door() -> None:
    assert [f"{name}:{line} {what}" for name, line, what in opened() if name not in APART] == []


def test_each_exception_is_still_one() -> None:
    assert set(APART) - {name for name, _, _ in opened()} == set()


def test_links_are_followed_through_one_door() -> None:
    # Of a circle of links, and of a home that is unknown, these tell by a RuntimeError.
    followed = [
        f"{name}:{node.lineno} {node.func.attr}"
        for name, node in calls()
        if isinstance(node.func, ast.Attribute)
        and (node.func.attr == "expanduser" or (node.func.attr == "resolve" and not node.args))
    ]
    assert [each for each in followed if not each.startswith("adapters/disk/paths.py:")] == []
    assert len(followed) == 1
