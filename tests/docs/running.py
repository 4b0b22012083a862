"""Types the commands of a block, one after the other, in one shell's surroundings: `cd` and `export` hold on."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.blocks import Block
from tests.docs.comparing import is_shown, loosened
from tests.docs.places import Place

# What a person answers at the terminal is said beforehand. Colours and widths are those of a page.
ENVCTL = """#!/bin/sh
exec '{python}' -m envctl {options} "$@"
"""
REMEMBERED = """
{command}
code=$?
pwd > '{memory}/pwd'
env -0 > '{memory}/env'
exit $code
"""
LONGEST = 600
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
        path = f"{self.folder}:{Path(sys.executable).parent}:/usr/bin:/bin"
        self.environment = {**self.place.environment(), "PATH": path, "NO_COLOR": "1", "COLUMNS": "110"}
        self.environment["GITHUB_STEP_SUMMARY"] = str(self.folder / "summary.md")
        self.where = self.place.root

    def types(self, command: str, by: str = "", typed: str = "") -> "subprocess.CompletedProcess[str]":
        script = REMEMBERED.format(command=command, memory=self.folder)
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=self.where,
            env={**self.environment, **(self.place.person(by) if by else {})},
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LONGEST,
            check=False,
        )
        assert "Traceback" not in done.stdout, done.stdout
        self._remember()
        return done

    def _remember(self) -> None:
        if not (self.folder / "pwd").exists():
            return
        self.where = Path((self.folder / "pwd").read_text().strip())
        kept = (self.folder / "env").read_bytes().decode().split("\0")
        # Who types the next block is no matter of this one.
        person = {name: value for name, value in self.environment.items() if name in PERSON}
        self.environment = {**dict(each.split("=", 1) for each in kept if "=" in each), **person}

    def runs(self, block: Block, values: dict[str, str]) -> None:
        """Every command ends as the page says, and prints what it shows."""
        for step, code in zip(block.steps, block.codes, strict=True):
            command, shown = _filled(step.command, values), step.shown
            done = self.types(command, block.marks.get("by", ""), block.marks.get("typed", ""))
            told = f"{block}: $ {command}\n{done.stdout}"
            assert done.returncode == code, f"{told}\nended with {done.returncode}, not {code}"
            if shown is not None:
                wanted = [_filled(line, values) for line in shown]
                both = "\n".join(["shown:", *loosened("\n".join(wanted)), "printed:", *loosened(done.stdout)])
                assert is_shown(done.stdout, wanted), f"{told}\nis not what the page shows\n{both}"


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text
