"""Whoever writes asks: each use case that can reach a port that writes says beside itself which guards it asks."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from envctl.domain.config.rules.asked_guards import BEFORE_CHANGE, EVERY_GUARD, RECORDS_ONLY, AskedGuards
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.usecases.ports import core, terraform

SOURCE = Path(__file__).parents[2] / "src" / "envctl"
Function = tuple[str, str]

# All of them: what each may write, and the guards that it asks. Another row is a decision of its own.
CHANGES = {"state", "cluster"}
TABLE: dict[str, tuple[set[str], frozenset[GuardCode]]] = {
    "account.bootstrap": ({"store"}, frozenset()),
    "approval.approve": ({"store"}, frozenset({GuardCode.PROVENANCE, GuardCode.SETTINGS})),
    "approval.approve_rules": ({"store"}, frozenset()),
    "approval.ci_reviewers": ({"store"}, frozenset()),
    "approval.explain_refusal": ({"store"}, frozenset()),
    "approval.locking": ({"store"}, frozenset({GuardCode.LOCK})),
    "approval.reset_rules": ({"store"}, frozenset()),
    "approval.vouch": ({"store"}, frozenset()),
    "approval.waivers": ({"store"}, frozenset()),
    "deployment.apply": (CHANGES | {"store"}, EVERY_GUARD.codes),
    "deployment.destroy": (CHANGES | {"store"}, EVERY_GUARD.codes),
    "deployment.promote": (CHANGES | {"store"}, EVERY_GUARD.codes),
    "deployment.recovery.recover": (CHANGES | {"store", "lock"}, BEFORE_CHANGE - {GuardCode.BUSY}),
    "deployment.rollback": (CHANGES | {"store"}, EVERY_GUARD.codes),
    "deployment.verification": ({"store"}, frozenset()),
    "drift.early_start": ({"store"}, frozenset()),
    "drift.fix": (CHANGES | {"store"}, EVERY_GUARD.codes),
    "fleet.collect": ({"store"}, frozenset()),
    "fleet.matrix": ({"store"}, frozenset()),
    "fleet.shard": ({"store"}, frozenset()),
    "inspect.doctor.doctor": ({"store"}, frozenset()),
}


def list_marked() -> dict[str, tuple[str, ...]]:
    """The methods of ports that write, by name."""
    ports = [each for module in (core, terraform) for _, each in inspect.getmembers(module, inspect.isclass)]
    return {name: found.writes for port in ports for name, found in vars(port).items() if hasattr(found, "writes")}


MARKED = list_marked()


@cache
def read_modules() -> tuple[dict[Function, ast.AST], dict[str, dict[str, Function]]]:
    """The functions and classes of all use cases, and the names that each module imports."""
    defined: dict[Function, ast.AST] = {}
    imported: dict[str, dict[str, Function]] = {}
    for path in sorted((SOURCE / "usecases").rglob("*.py")):
        module, tree = name_module(path), ast.parse(path.read_text())
        imported[module] = dict(list_imports(tree))
        defined |= {(module, each.name): each for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    return defined, imported


def name_module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def list_imports(tree: ast.AST) -> Iterator[tuple[str, Function]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((each.asname or each.name, (node.module, each.name)) for each in node.names)


def list_called(module: str, tree: ast.AST) -> Iterator[Function]:
    """The functions and classes of use cases that a piece of code names. A class stands for all of its methods."""
    defined, imported = read_modules()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield from (each for each in ((module, node.id), imported[module].get(node.id)) if each in defined)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = ".".join(imported[module].get(node.value.id, ())), node.attr
            yield from (each for each in (found,) if each in defined)


@cache
def list_written(function: Function) -> frozenset[str]:
    """What a function may write, by all that it may call."""
    defined, _ = read_modules()
    seen, waiting, written = {function}, [function], set[str]()
    while waiting:
        module, name = waiting.pop()
        tree = defined[module, name]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in MARKED and is_port(node.value):
                written |= {*MARKED[node.attr]}
        found = {*list_called(module, tree)} - seen
        seen |= found
        waiting += found
    return frozenset(written)


def is_port(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in {"terraform", "store", "driver"}


def list_entries() -> Iterator[Function]:
    """The functions of use cases that commands call."""
    defined, imported = read_modules()
    for path in sorted((SOURCE / "cli").rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = dict(list_imports(tree))
        yield from (each for each in names.values() if each in defined)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
                module = ".".join(names[node.value.id])
                if module in imported and (module, node.attr) in defined:
                    yield module, node.attr


def list_writers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, name in sorted(set(list_entries())):
        if written := list_written((module, name)):
            found.setdefault(module.removeprefix("envctl.usecases."), set()).update(written)
    return found


@pytest.mark.slow
def test_every_writing_use_case_has_its_row() -> None:
    assert list_writers() == {name: written for name, (written, _) in TABLE.items()}


def test_guards_stand_beside_their_use_case() -> None:
    for name, (written, codes) in TABLE.items():
        asked = find_asked(name)
        assert asked.codes == codes, name
        assert asked.why or asked == EVERY_GUARD, f"{name} asks few guards without a reason"
        if written - {"store"}:
            missing = BEFORE_CHANGE - codes
            assert all(each in asked.why for each in missing), (
                f"{name} changes an environment and does not ask {missing}"
            )
        else:
            assert codes or asked == RECORDS_ONLY, name


def find_asked(name: str) -> AskedGuards:
    # The stages of a recovery ask, and stand in a file of their own.
    module = importlib.import_module(f"envctl.usecases.{name.replace('recovery.recover', 'recovery.stages')}")
    found = module.ASKS
    assert isinstance(found, AskedGuards)
    return found


def test_methods_that_write_are_marked() -> None:
    """What a port method is named for: a new one that writes has a word of these in its name, and a mark."""
    words = ("apply", "push_", "import_", "force_", "create", "delete_", "refresh_state")
    unmarked = {"delete_plan", "delete_plans"}  # files of this machine
    for port in (core.Store, terraform.StackDriver, terraform.Terraform):
        named = {name for name in vars(port) if name.startswith(words) and name not in unmarked}
        assert named == {name for name in vars(port) if name in MARKED}, port
