"""Runs of the modules' own tests that only refuse a variable: they need no more of a module than its variables."""

import re
import shutil
from pathlib import Path

_RUN = re.compile(r'^run "\w+" {\n.*?^}\n+', re.MULTILINE | re.DOTALL)
_REFUSED = re.compile(r"^  expect_failures\s*=\s*\[(?:\s*var\.\w+\s*,?)+\s*\]$", re.MULTILINE)
_OTHER_BLOCK = re.compile(r"^  (?:assert|module) {", re.MULTILINE)
# Terraform plans a whole module for each run.
_NEEDED = ("variables.tf", "versions.tf")


def drop_refusals(module: Path) -> None:
    """Remove these runs from the tests of a module."""
    for file in (module / "tests").glob("*.tftest.hcl"):
        file.write_text(_RUN.sub(lambda run: "" if _is_refusal(run[0]) else run[0], file.read_text("utf-8")), "utf-8")


def gather_refusals(modules: Path, folder: Path) -> int:
    """Write a root module whose tests are these runs of all `modules`. Returns how many there are."""
    (folder / "tests").mkdir(parents=True)
    count = 0
    for file in sorted(modules.glob("*/tests/*.tftest.hcl")):
        module = file.parent.parent
        (folder / module.name).mkdir(exist_ok=True)
        for name in _NEEDED:
            shutil.copyfile(module / name, folder / module.name / name)
        shutil.copyfile(module / "versions.tf", folder / "versions.tf")
        code = file.read_text("utf-8")
        refusals = [run for run in _RUN.findall(code) if _is_refusal(run)]
        source = f'{{\n  module {{\n    source = "./{module.name}"\n  }}\n\n'
        here = [run.replace("{\n", source, 1) for run in refusals]
        (folder / "tests" / f"{module.name}_{file.name}").write_text(_RUN.sub("", code) + "".join(here), "utf-8")
        count += len(refusals)
    return count


def _is_refusal(run: str) -> bool:
    return bool(_REFUSED.search(run)) and not _OTHER_BLOCK.search(run)
