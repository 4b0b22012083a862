"""The table of commands is whole: a new command is its own file and one row, and what is missing is a sentence."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from rich.console import Console
from tools.command_facts import FACTS

import envctl
from envctl.cli.command_table import RESULTS, ROWS, ResultType
from envctl.cli.examples import EXAMPLES
from envctl.cli.options.global_options import find_command_name, move_global_options_first
from envctl.cli.render.console.any_result import render_result
from envctl.cli.results import Observation
from tests.cli.output.test_documents import DONE, EACH
from tests.cli.render.samples import NOW
from tests.cli.render.samples import RESULTS as SAMPLES

ROOT = Path(__file__).parents[2]
COMMANDS = Path(envctl.__file__).parent / "cli" / "commands"
# Parts of other commands.
PARTS = {"inspect.plan_tree"}
# They are printed by themselves, or are only documents.
WITHOUT_SAMPLES = {"Version", "Report"}


def list_faults() -> Iterator[str]:
    modules = {f"{file.parent.name}.{file.stem}" for file in COMMANDS.glob("*/*.py") if file.stem != "__init__"}
    for module in sorted(modules - {row.module for row in ROWS.values()} - PARTS):
        yield f"cli/commands/{module.replace('.', '/')}.py has no row in cli/command_table.py"
    for name, row in ROWS.items():
        if not _exists(f"cli.commands.{row.module}", word := name.split()[-1].replace("-", "_")):
            yield f"{name}: no function {word} in cli/commands/{row.module.replace('.', '/')}.py"
    for each in {each.path: each for types in RESULTS.values() for each in types}.values():
        yield from _list_faults_of_result(each)
    slugs = [name.replace(" ", "-") for name in ROWS]
    schemas = _list_names("schemas/*.schema.json", "version", "envelope")
    lines = {find_command_name(move_global_options_first(line.split())) for line in (*DONE, *EACH.values())} - {""}
    compared = {
        "cli/examples.py": (ROWS, EXAMPLES),
        "tools/command_facts.py": (ROWS, FACTS),
        "DONE or EACH of tests/cli/output/test_documents.py": ([name for name in ROWS if ROWS[name].results], lines),
        "docs/schemas (run: make schemas)": (slugs, schemas),
        "docs/commands (run: make pages)": (slugs, _list_names("commands/*.md", "index")),
    }
    for place, (wanted, found) in compared.items():
        yield from (f"{name}: missing in {place}" for name in wanted if name not in found)
        yield from (f"{name}: in {place}, and no command" for name in found if name not in wanted)


def _list_faults_of_result(row: ResultType) -> Iterator[str]:
    module, _, name = row.path.rpartition(".")
    if not _exists(module, name):
        yield f"{name}: no such class in {module}"
    elif (defined := getattr(import_module(f"envctl.{module}"), name).__module__) != f"envctl.{module}":
        yield f"{name}: named by {module}, and defined in {defined}"
    renderers = (("console", row.console), ("words", row.line), ("markdown", row.markdown))
    verdicts = (("ci_reports", row.verdicts and f"verdicts.{row.verdicts}"),)
    for package, path in (*renderers, *verdicts):
        module, _, function = path.rpartition(".")
        if path and not _exists(f"cli.render.{package}.{module}", function):
            yield f"{name}: no function {function} in cli/render/{package}/{module.replace('.', '/')}.py"
    if name not in {*(type(sample).__name__ for sample in SAMPLES.values()), *WITHOUT_SAMPLES}:
        yield f"{name}: no sample in tests/cli/render/samples"


def _exists(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(f"envctl.{module}"), name)
    except ModuleNotFoundError:
        return False


def _list_names(pattern: str, *others: str) -> set[str]:
    return {file.name.partition(".")[0] for file in (ROOT / "docs").glob(pattern)} - {*others}


def test_row_of_every_command_is_whole() -> None:
    assert list(list_faults()) == []


def test_result_without_a_row_is_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    render_result(Observation("a value", NOW), Console(width=80))
    assert '"value": "a value"' in capsys.readouterr().out
