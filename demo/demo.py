"""`make demo`: the main job of envctl, for real, in the sandbox. Every step says which exit code it must have."""

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
from dataclasses import dataclass
from pathlib import Path

NAME = "shop"
DEVELOPER = "dev@shop.example"


@dataclass(frozen=True)
class Step:
    """One command. `by` is who types it: envctl takes the name from git's author address."""

    words: str
    says: str = ""
    exits: int = 0
    by: str = DEVELOPER
    afterwards: str = ""


INIT = Step(
    f"envctl init {NAME} --template web",
    "A project of its own: a pipeline of dev, staging and prod, a network, and a container on instances.",
)
CD = f"cd {NAME}"
STEPS = (
    Step(
        "envctl sandbox up",
        "The sandbox: real Terraform and the real AWS provider against an AWS that runs on this machine, "
        "with one account for each of dev, staging and prod. No cloud account is used or needed.",
    ),
    Step(
        "envctl --sandbox apply dev --yes",
        "dev: code enters here, and nowhere else. envctl bundles the working tree into a release, named by "
        "the hash of its content, and deploys it.",
    ),
    Step(
        "envctl --sandbox promote dev prod",
        "Can it go to prod at once? No. prod takes only what was proven in staging.",
        exits=3,
        afterwards="Exit code 3: refused by a guard. Nothing was touched.",
    ),
    Step(
        "envctl --sandbox promote dev staging --yes",
        "staging: the very bundle that dev runs, with the settings of staging. The working tree is not asked for code.",
    ),
    Step(
        "envctl --sandbox promote staging prod --yes",
        "prod: staging has proven it. But people have a say too: prod asks for three approvals.",
        exits=4,
        afterwards="Exit code 4: refused for now. It opens once the approvals are there.",
    ),
    Step("envctl --sandbox why prod", "What exactly is missing, who can give it, and what to type?"),
    Step(
        "envctl --sandbox approve prod --gate peer --yes",
        "Three people look at the plan for prod, and approve exactly that plan. Locally envctl knows a person by "
        "git's author address, so the demo sets GIT_AUTHOR_EMAIL to play all of them. Who made the release can't "
        "approve it.",
        by="peer@shop.example",
    ),
    Step("envctl --sandbox approve prod --gate business --yes", by="business@shop.example"),
    Step("envctl --sandbox approve prod --gate quality --yes", by="quality@shop.example"),
    Step("envctl --sandbox promote staging prod --yes", "Now prod opens."),
    Step("envctl --sandbox status", "Where does everything stand? All three environments run the same release."),
    Step("envctl --sandbox history", "Who did what, and when?"),
    Step("envctl --sandbox ledger verify", "Is the record intact? Each entry holds the hash of the one before it."),
)
DOWN = Step("envctl sandbox down", "The sandbox goes away with all that it held.")


class DemoFailedError(Exception):
    """A step did not end as it must. The message is for the watcher."""


def main() -> int:
    if shutil.which("envctl") is None:
        print("demo: envctl is not on the PATH. Run it with: make demo", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _terminated)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="envctl-demo-") as folder:
            _show(Path(folder))
    except KeyboardInterrupt:
        print("\ndemo: stopped", file=sys.stderr)
        return 130
    except DemoFailedError as failure:
        print(f"\ndemo: {failure}", file=sys.stderr)
        return 1
    _tell(f"That was the whole way of one release, in {time.monotonic() - started:.0f} s.")
    _tell("Read next: README.md (your own project), docs/guards.md (refusals), docs/aws.md (your AWS accounts).")
    return 0


def _show(folder: Path) -> None:
    """The sandbox goes with the project, however it ends: nothing is left of either."""
    _run(INIT, folder)
    project = folder / NAME
    print(f"\n{_bright(f'$ {CD}')}", flush=True)
    try:
        for step in STEPS:
            _run(step, project)
    except BaseException:
        _exit_code(DOWN, project)
        raise
    _run(DOWN, project)


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
    sys.exit(main())
