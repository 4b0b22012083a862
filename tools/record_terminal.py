"""Records the picture of README.md, docs/terminal.svg: `make picture` types these commands in the sandbox, and draws
what they print.

Nothing is made up. Progress that a terminal draws over is left out, and long output is cut where the picture shows `…`.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "terminal.svg"
COLUMNS = 92
LIMIT = 600
"""Seconds for a command. Most of them take half a minute: AWS, and what plays it, makes a network slowly."""
TITLE = "A release goes from dev to staging"
DESCRIPTION = (
    "A recorded terminal. envctl makes a project, and deploys the working tree to dev as a release. Promoting it from "
    "dev to prod is refused, because prod takes releases from staging alone. Promoting it to staging works. The status "
    "shows the same release in dev and staging, and that prod waits for one approval."
)
_PERSON = {"NAME": "ann", "EMAIL": "ann@shop.example"}
# What decides about the output of envctl and of git, besides what is set below.
_DROPPED = ("AWS_", "CI", "ENVCTL_", "GIT_", "GITHUB_", "GITLAB_", "NO_COLOR", "TF_")
_PROGRESS = re.compile(r"^(?:\[\w+\]|starting the sandbox)")
# GitHub's dark colors: readable on their background, in a window that stands out on a light page and on a dark one.
_BACKGROUND = (13, 17, 23)
_TEXT = (230, 237, 243)
_COLORS = {"red": (255, 123, 114), "green": (63, 185, 80), "yellow": (210, 153, 34), "cyan": (57, 197, 207)}
_COLOR_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc">
  <title id="title">%s</title>
  <desc id="desc">%s</desc>
  <style>
    .{unique_id}-matrix {{
      font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
      font-size: {char_height}px;
      line-height: {line_height}px;
    }}
    .{unique_id}-title {{ font: bold 18px sans-serif; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
  </g>
</svg>
"""


class RecordingError(Exception):
    """A command did not end as it must."""


@dataclass(frozen=True)
class Take:
    """A command of the picture.

    Attributes:
        exits: The exit code that it must have.
        first: The lines of its output to show; all of them, if it has no more.
        last: The lines to show at the end, after a cut.
    """

    command: str
    exits: int = 0
    first: int = 20
    last: int = 0


TAKES = (
    Take("envctl init shop --template minimal", first=1),
    Take("cd shop && git init --quiet && git add . && git commit --quiet -m 'A network'"),
    Take("envctl --sandbox apply dev --yes", first=4, last=3),
    Take("envctl --sandbox promote dev prod", exits=3, first=5),
    Take("envctl --sandbox promote dev staging --yes", first=4, last=3),
    Take("envctl --sandbox status"),
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="envctl-picture-") as folder:
        record(Path(folder), PICTURE)


def record(folder: Path, picture: Path) -> None:
    """Type the commands in an empty folder, and write the picture. Raises RecordingError."""
    recorded: list[str] = []
    try:
        for take in TAKES:
            output = type_command(take, folder)
            recorded += [f"\033[1;36m$ {take.command}\033[0m", *cut_output(take, output), ""]
    finally:
        # Nothing of the sandbox is left, however the recording ends.
        if (folder / "shop").is_dir():
            _run("envctl sandbox down", folder / "shop", folder)
    picture.write_text(draw(recorded[:-1]), encoding="utf-8")


def type_command(take: Take, folder: Path) -> list[str]:
    done = _run(take.command, folder / "shop" if (folder / "shop" / ".git").is_dir() else folder, folder)
    if done.returncode != take.exits:
        message = f"`{take.command}` ended with {done.returncode}, and {take.exits} was expected"
        raise RecordingError(f"{message}:\n{done.stdout}")
    return done.stdout.rstrip().splitlines()


def cut_output(take: Take, lines: list[str]) -> Iterator[str]:
    """Yield the lines to show. A cut is shown as a line with `…`."""
    lasting = [line for line in lines if not _PROGRESS.match(line)]
    if len(lasting) <= take.first + take.last:
        yield from lasting
        return
    yield from lasting[: take.first]
    yield "\033[2m…\033[0m"
    yield from lasting[len(lasting) - take.last :]


def draw(lines: list[str]) -> str:
    """Return the picture of lines with colors as terminals have them."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    frame = _FRAME % (TITLE, DESCRIPTION)
    drawn = console.export_svg(title="shop", theme=_build_theme(), code_format=frame, unique_id="terminal")
    # rich draws the end of each line as a text of its own.
    return re.sub(r"<text [^>]*>\n</text>", "\n", drawn)


def _build_theme() -> TerminalTheme:
    colors = [_COLORS.get(name, _TEXT) for name in _COLOR_NAMES]
    return TerminalTheme(_BACKGROUND, _TEXT, colors, colors)


def _run(command: str, where: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', os.defpath)}"
    person = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _PERSON.items()}
    terminal = {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=where,
        env={**inherited, **person, **terminal, "PATH": programs, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LIMIT,
    )


if __name__ == "__main__":
    main()
