"""What handlers of signals may call.

Python runs a handler between any two steps of the main thread: also while that holds the lock of a queue or an event.
A handler that takes the same lock waits for ever.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("src", "packages/kube-api-emulator/src", "packages/aws-api-emulator/src", "demo", "benchmarks", "tools")
# Methods of events, locks, conditions and of queues other than SimpleQueue.
LOCKING = {"set", "clear", "acquire", "release", "notify", "notify_all", "wait", "put_nowait"}


def find_locking_handlers(source: str) -> list[str]:
    """Return the calls in handlers of signals that may take a lock."""
    tree = ast.parse(source)
    functions = {each.name: each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    handlers = [call.args[1] for call in ast.walk(tree) if isinstance(call, ast.Call) and is_signal_call(call)]
    bodies = [functions.get(name_of(each), each) for each in handlers]
    return [ast.unparse(call) for body in bodies for call in list_calls(body) if name_of(call.func) in LOCKING]


def is_signal_call(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "signal.signal" and len(call.args) > 1


def list_calls(body: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(body) if isinstance(each, ast.Call))


def name_of(node: ast.AST) -> str:
    """Return the name of a function or method; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("folder", FOLDERS)
def test_handlers_take_no_lock(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*.py") if "signal.signal(" in path.read_text()]
    found = {str(path.relative_to(ROOT)): calls for path in files if (calls := find_locking_handlers(path.read_text()))}
    assert found == {}


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        pytest.param("signal.signal(2, lambda *_: stop.set())", ["stop.set()"], id="event"),
        pytest.param("def end(*_): lock.acquire()\nsignal.signal(2, end)", ["lock.acquire()"], id="function"),
        pytest.param(
            "class A:\n    def end(self, *_): self.lock.release()\n    def run(self): signal.signal(2, self.end)",
            ["self.lock.release()"],
            id="method",
        ),
        pytest.param("signal.signal(2, lambda *_: signals.put(1))", [], id="simple queue"),
        pytest.param("signal.signal(2, signal.SIG_IGN)", [], id="no function"),
    ],
)
def test_locks_in_handlers_are_found(source: str, calls: list[str]) -> None:
    assert find_locking_handlers(source) == calls
