"""`make nightly`: everything, in parts of under an hour each on two cores, one after the other.

`make nightly-NAME` runs one part alone. Every test belongs to exactly one, which may be run in a second way too: the
longest of PLACES that its name begins with decides. CONTRIBUTING.md says which tests do not run by day. Each part ends
with a line that says what it gave, and so does the whole, even where a part failed.

With `COLD_STARTS` each command is a Python that starts: by day most of them are split off one that has (tests/warm.py).
"""

# ruff: noqa: T201 (a script prints)

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import hanging

ROOT = Path(__file__).parents[1]
EMULATOR, AWS_EMULATOR = "packages/kube-api-emulator", "packages/aws-api-emulator"
# Seconds. A part that takes twice as long as it may is stopped, with what it was at.
LIMIT = 7200
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
BY_TEST = ("--dist", "worksteal")
PYTEST = (sys.executable, "-m", "pytest")
# Who starts providers: tests/provider_start.py.
TRACED, ORDINARY = ("--providers=traced",), ("--providers=ordinary",)


@dataclass(frozen=True)
class Part:
    """`command` prints its figures in its last line; without one, the tests of the part are run on `workers`.

    `tests` is another part, whose tests this one runs with other `options`.
    """

    what: str
    command: tuple[str, ...] = ()
    tests: str = ""
    options: tuple[str, ...] = ()
    workers: int = 2
    distribution: tuple[str, ...] = BY_FILE

    def build_command(self, name: str) -> tuple[str, ...]:
        # With a space, pytest would take "modules" for the folder of that name, and read no options of ours.
        own = (f"--part={self.tests or name}", *self.options)
        return self.command or (*PYTEST, *own, "-n", str(self.workers), *self.distribution)


PARTS = {
    "mutation": Part("every small change of a guard is noticed", ("make", "--no-print-directory", "mutation")),
    "teeth": Part("the laws notice a guard that is gone", (sys.executable, "-m", "tests.usecases.laws.teeth")),
    "histories": Part("the laws of promotion with many more random histories", distribution=BY_TEST),
    "laws": Part("use cases and their laws, with many more random examples", distribution=BY_TEST),
    "domain": Part("the domain, with many more random examples", distribution=BY_TEST),
    "cli": Part("what people see", distribution=BY_TEST),
    "adapters": Part("adapters and their contracts"),
    "emulator": Part("the package kube-api-emulator", ("make", "--no-print-directory", "-C", EMULATOR, "night")),
    "aws-emulator": Part("the package aws-api-emulator", ("make", "--no-print-directory", "-C", AWS_EMULATOR, "night")),
    "modules": Part("every module applied, looked at and destroyed"),
    "docs-commands": Part("the site, and what is typed in the pages of commands", distribution=BY_TEST),
    "docs-guides": Part("what is typed in every other page", distribution=BY_TEST),
    "e2e": Part("real Terraform in whole projects", options=TRACED),
    "e2e-faults": Part("real Terraform on a bad day", options=TRACED),
    "e2e-ci": Part("real Terraform in jobs of CI, and with many stacks", options=TRACED),
    "e2e-ordinary": Part("whole projects without warm providers", tests="e2e", options=ORDINARY),
    "e2e-faults-ordinary": Part("a bad day without warm providers", tests="e2e-faults", options=ORDINARY),
    "e2e-ci-ordinary": Part("jobs of CI without warm providers", tests="e2e-ci", options=ORDINARY),
    "images": Part("images that are built, installed and run"),
    "platform": Part("the whole platform in all environments", workers=1),
}
PLACES = {
    "tests/test_": "cli",
    "tests/test_fresh_environments.py": "images",
    "tests/unit/": "domain",
    "tests/iam/": "domain",
    "tests/usecases/": "laws",
    "tests/usecases/laws/test_promotion_laws.py": "histories",
    "tests/cli/": "cli",
    "tests/adapters/": "adapters",
    "tests/contract/": "adapters",
    "tests/app/": "images",
    "tests/modules/": "modules",
    "tests/docs/": "docs-commands",
    "tests/docs/test_blocks.py::test_the_page[": "docs-guides",
    "tests/docs/test_blocks.py::test_the_page[docs/commands/": "docs-commands",
    "tests/docs/test_installing.py": "images",
    "tests/cli/ci/test_action_in_jobs.py": "images",
    "tests/e2e/": "e2e",
    "tests/e2e/images/": "images",
    "tests/e2e/faults/": "e2e-faults",
    "tests/e2e/ci/": "e2e-ci",
    "tests/platform/": "platform",
}


def find_part(name: str) -> str | None:
    """Returns the part of a test, or of a file of tests; None where no part has it."""
    place = max((place for place in PLACES if name.startswith(place)), key=len, default=None)
    return PLACES[place] if place else None


def select_part(part: str, items: list[pytest.Item], config: pytest.Config) -> None:
    others = [item for item in items if find_part(item.nodeid) != part]
    items[:] = [item for item in items if find_part(item.nodeid) == part]
    config.hook.pytest_deselected(items=others)


def run_part(name: str) -> tuple[bool, str]:
    """Runs a part, shows what it prints, and returns whether all went well, and its closing line."""
    environment = os.environ | {"COLD_STARTS": "1", "HYPOTHESIS_PROFILE": "nightly", "PYTHONUNBUFFERED": "1"}
    words = PARTS[name].build_command(name)
    print(f"\nnightly-{name}: {PARTS[name].what}\n$ {' '.join(words)}", flush=True)
    began, cpu = time.monotonic(), _cpu_seconds()
    last = "nothing"
    with subprocess.Popen(
        words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        with hanging.enforce_deadline(process, LIMIT):
            for line in process.stdout:
                print(line, end="", flush=True)
                last = line.strip("= \n") or last
        code = process.wait()
    took, used = (_format_minutes(seconds) for seconds in (time.monotonic() - began, _cpu_seconds() - cpu))
    verdict = "passed" if code == 0 else f"FAILED ({code})"
    return code == 0, f"nightly-{name}: {verdict} in {took} ({used} of a processor): {last}"


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _format_minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    results = []
    for name in names or PARTS:
        results.append(run_part(name))
        print(results[-1][1], flush=True)
    if len(results) > 1:
        failed = sum(not passed for passed, _ in results)
        print(f"\n{len(results)} parts, {failed} failed", *(line for _, line in results), sep="\n")
    return 0 if all(passed for passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
