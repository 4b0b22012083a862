"""Types the commands of a block, one after the other, in one shell's surroundings: `cd` and `export` hold on."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests import hanging
from tests.docs.blocks import Block
from tests.docs.comparing import is_shown, loosened
from tests.docs.places import Place
from tests.programs import SYSTEM_PATH

# What a person answers at the terminal is said beforehand. Colours and widths are those of a page.
ENVCTL = """#!/bin/sh
exec '{python}' -X faulthandler -m envctl {options} "$@"
"""
# Variables that are not exported hold on too, and are none of the programs' business.
REMEMBERED = """
known=" $(compgen -v | tr '\\n' ' ') known code name "
. '{memory}/variables'
{command}
code=$?
pwd > '{memory}/pwd'
env -0 > '{memory}/env'
for name in $(compgen -v); do
  case "$known" in *" $name "*) ;; *) declare -p "$name" ;; esac
done > '{memory}/variables'
exit $code
"""
LONGEST = 600
# By then one that looks every five seconds has looked again.
WATCHED = 7
PERSON = {"GIT_AUTHOR_EMAIL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}


@dataclass
class Shell:
    place: Place
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        program = self.folder / "envctl"
        program.write_text(ENVCTL.format(python=sys.executable, options=" ".join(["--yes", *self.place.options])))
        program.chmod(0o755)
        (self.folder / "variables").touch()
        path = f"{self.folder}:{self.place.programs}:{Path(sys.executable).parent}:{SYSTEM_PATH}"
        self.environment = {**self.place.environment(), "PATH": path, "NO_COLOR": "1", "COLUMNS": "110"}
        self.environment["GITHUB_STEP_SUMMARY"] = str(self.folder / "summary.md")
        self.where = self.place.root

    def types(self, command: str, by: str = "", typed: str = "", stopped: bool = False) -> tuple[int, str]:
        """Its exit code, and what it printed."""
        child = subprocess.Popen(
            ["bash", "-o", "pipefail", "-c", REMEMBERED.format(command=command, memory=self.folder)],
            cwd=self.where,
            env={**self.environment, **(self.place.person(by) if by else {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            printed = _after_ctrl_c(child) if stopped else child.communicate(typed, timeout=LONGEST)[0]
        except subprocess.TimeoutExpired as late:
            raise hanging.stop_hung(child, late.timeout) from None
        finally:
            _ended(child)
        assert "Traceback" not in printed, printed
        self._remember()
        return child.returncode, printed

    def _remember(self) -> None:
        if not (self.folder / "pwd").exists():
            return
        self.where = Path((self.folder / "pwd").read_text().strip())
        kept = (self.folder / "env").read_bytes().decode().split("\0")
        # Who types the next block is no matter of this one.
        person = {name: value for name, value in self.environment.items() if name in PERSON}
        self.environment = {**dict(each.split("=", 1) for each in kept if "=" in each), **person}

    def runs(self, block: Block, values: dict[str, str]) -> None:
        """Every command ends as the page says, and prints what it shows. A block that is a file is written."""
        if "written to" in block.marks:
            self.place.write(block.marks["written to"], block.text)
        elif "added to" in block.marks:
            self.place.adds(block.marks["added to"], f"\n{block.text}")
        for step, code in zip(block.steps, block.codes, strict=True):
            command, shown = _filled(step.command, values), step.shown
            marks = block.marks
            ended, printed = self.types(command, marks.get("by", ""), marks.get("typed", ""), "stopped" in marks)
            told = f"{block}: $ {command}\n{printed}"
            assert ended == code, f"{told}\nended with {ended}, not {code}"
            if shown is not None:
                wanted = [_filled(line, values) for line in shown]
                both = "\n".join(["shown:", *loosened("\n".join(wanted)), "printed:", *loosened(printed)])
                assert is_shown(printed, wanted), f"{told}\nis not what the page shows\n{both}"


def _after_ctrl_c(child: "subprocess.Popen[str]") -> str:
    """As a terminal sends it: to all that run there."""
    try:
        printed, _ = child.communicate(timeout=WATCHED)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGINT)
        return child.communicate(timeout=60)[0]
    raise AssertionError(f"it ended by itself with {child.returncode}\n{printed}")


def _ended(child: "subprocess.Popen[str]") -> None:
    """One that hangs is not left behind, nor what it has started."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text
