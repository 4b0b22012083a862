"""`make demo`, `make kubernetes` and `make platform`: the jobs of envctl, for real, in the sandbox.

Every step says which exit code it must have.
"""

# ruff: noqa: T201 (a demo prints)

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

from demo.steps import DEVELOPER, NAME, SHOWS, Show, Step


class DemoFailedError(Exception):
    """A step did not end as it must. The message is for the watcher."""


def main(arguments: Sequence[str]) -> int:
    show = SHOWS[arguments[0] if arguments else "web"]
    if shutil.which("envctl") is None:
        print("demo: envctl is not on the PATH. Run it with: make demo", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _terminated)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="envctl-demo-") as folder:
            _play(show, Path(folder))
    except KeyboardInterrupt:
        print("\ndemo: stopped", file=sys.stderr)
        return 130
    except DemoFailedError as failure:
        print(f"\ndemo: {failure}", file=sys.stderr)
        return 1
    _tell(f"{show.ends}, in {time.monotonic() - started:.0f} s.")
    _tell("Read next: docs/start.md (your own project), docs/guards.md (refusals), docs/aws.md (your AWS accounts).")
    return 0


def _play(show: Show, folder: Path) -> None:
    """The sandbox goes with the project, however it ends: nothing is left of either."""
    _run(show.init, folder)
    project = folder / NAME
    print(f"\n{_bright(f'$ cd {NAME}')}", flush=True)
    try:
        for step in show.steps:
            _run(step, project)
    except BaseException:
        _exit_code(show.down, project)
        raise
    _run(show.down, project)


def _run(step: Step, folder: Path) -> None:
    if step.says:
        _tell(step.says)
    code = _exit_code(step, folder)
    if code != step.exits:
        raise DemoFailedError(f"`{step.words}` ended with {code}, and {step.exits} was expected")
    if step.afterwards:
        _tell(step.afterwards)


def _exit_code(step: Step, folder: Path) -> int:
    who = f"GIT_AUTHOR_EMAIL={step.by} " if step.by != DEVELOPER else ""
    print(f"\n{_bright(f'$ {who}{step.words}')}", flush=True)
    return _wait(subprocess.Popen(step.words.split(), cwd=folder, env=_environment(step.by)))


def _wait(child: "subprocess.Popen[bytes]") -> int:
    """Whatever stops the demo, the child ends first, in its own time: Terraform keeps its state that way."""
    try:
        return child.wait()
    except KeyboardInterrupt as stop:
        # Ctrl-C has reached the child too, and a second signal would make Terraform give up its state.
        if isinstance(stop, _Terminated):
            child.terminate()
        while child.returncode is None:
            with contextlib.suppress(KeyboardInterrupt):
                child.wait()
        raise


def _environment(email: str) -> dict[str, str]:
    # Inside GitHub Actions envctl goes by the name of the run's actor, who is one person and not four.
    inherited = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    return {**inherited, "GIT_AUTHOR_EMAIL": email}


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which only this process got."""


def _terminated(_signal: int, _frame: object) -> None:
    raise _Terminated


def _tell(text: str) -> None:
    print("\n" + textwrap.fill(text, 78, initial_indent="# ", subsequent_indent="# "), flush=True)


def _bright(text: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[1;36m{text}\033[0m"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
