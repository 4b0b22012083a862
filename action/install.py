"""Installs what envctl needs, by the hashes in the locks of this checkout, once a job; envctl runs from the checkout.

Started with `python -I` by any Python that is there: an old one has to be able to read this, and is then refused.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
TOP = Path(__file__).resolve().parents[1]
# envctl, and the schemas of Kubernetes that it validates stacks of objects with.
SOURCES = [TOP / "src", TOP / "packages" / "kube-api-emulator" / "src"]
# What the first one holds builds python-terraform, which is the only one without a wheel.
LOCKS = [TOP / "requirements-build.lock", TOP / "requirements-run.lock"]
PIP = ["-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
PINNED = [
    "--require-hashes",
    "--no-deps",
    "--no-build-isolation",
    "--only-binary=:all:",
    "--no-binary=python-terraform",
]
# Seconds. The largest package has 64 MB.
PATIENCE = 900
SETUP = "let actions/setup-python run before, or name another one (python: ...)"


def main() -> None:
    if os.environ.get("RUNNER_OS") == "Windows":
        fail("envctl runs on Linux and macOS, and not on Windows")
    if sys.version_info < OLDEST:
        fail("envctl needs Python 3.11 or newer, and this one is {}.{}: {}".format(*sys.version_info[:2], SETUP))
    folder = Path(os.environ["RUNNER_TEMP"]) / ("envctl-" + mark())
    python = folder / "bin" / "python"
    done = folder / ".installed"
    if not done.exists():
        say("::group::Install envctl")
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-I", "-m", "venv", folder], "there is no venv in this Python (Debian: python3-venv)")
        for lock in LOCKS:
            run([python, *PIP, *PINNED, "--requirement", lock], "the packages of " + lock.name + " can't be installed")
        leads_to_sources(python)
        done.touch()
        say("::endgroup::")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
        output.write("python=" + os.fspath(python) + "\n")


def mark() -> str:
    """Of all that may differ in a job: two versions of envctl, or two Pythons, do not mix."""
    parts = [sys.version, sys.executable, os.fspath(TOP), *(lock.read_text() for lock in LOCKS)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def leads_to_sources(python: Path) -> None:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    said = subprocess.run([python, "-I", "-c", code], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    lines = "".join(os.fspath(source) + "\n" for source in SOURCES)
    (Path(said.decode().strip()) / "envctl.pth").write_text(lines)


def run(command: "list[str | Path]", otherwise: str) -> None:
    try:
        subprocess.run([os.fspath(word) for word in command], check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        fail(otherwise + ": the log says why")


def fail(message: str) -> None:
    say("::error title=envctl::" + message)
    sys.exit(1)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
