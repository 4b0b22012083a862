"""Programs outside of `.venv` that tests need: `make system-packages` installs what is missing, and tests that need
what is still missing are skipped (tests/skipping.py).

It runs before `.venv` exists, with any Python: the standard library only.
"""

# ruff: noqa: T201 (a script prints)

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

OS_RELEASE = Path("/etc/os-release")
# In a shell of a person who is not root the folders of `sbin` are often not searched.
SEARCHED = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
# Seconds for each call of apt-get: Chromium alone is 100 MB.
LIMIT = 900
PATIENT = ("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::http::Timeout=30", "-o", "Acquire::https::Timeout=30")


@dataclass(frozen=True)
class Program:
    """Something that tests with one of `markers` start; without markers, something that all tests need.

    Attributes:
        package: The package of Debian that brings it.
        names: Names or paths; one of them is enough.
        markers: The markers of pytest whose tests are skipped without it.
        module: A module of Python that has to exist, instead of a program.
        elsewhere: The package's name where it is another, by the `ID` of os-release.
    """

    package: str
    names: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    module: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def is_there(self) -> bool:
        if self.module:
            return find_spec(self.module) is not None
        path = os.pathsep.join([os.environ.get("PATH", ""), *SEARCHED])
        return any(shutil.which(name, path=path) for name in self.names)


NEEDED = (
    Program("git", ("git",)),
    Program("procps", ("pgrep",)),
    Program("python3-venv", module="ensurepip"),
    Program("util-linux", ("unshare",)),
    Program(
        "chromium",
        ("chromium", "chromium-browser", "google-chrome"),
        ("browser",),
        elsewhere={"ubuntu": "chromium-browser"},
    ),
    Program("postgresql", ("pg_ctlcluster", "initdb"), ("database",)),
    Program("docker-registry", ("docker-registry",), ("registry",)),
    Program("buildah", ("buildah",), ("image",)),
    Program("mmdebstrap", ("mmdebstrap",), ("image",)),
    Program("netavark", ("/usr/lib/podman/netavark", "netavark"), ("image",)),
    # The image of app/ takes this machine's Node.js and npm.
    Program("nodejs", ("node",), ("node", "image")),
    Program("npm", ("npm",), ("node", "image")),
)


def find_missing() -> list[Program]:
    return [program for program in NEEDED if not program.is_there()]


def read_os_release(path: Path) -> dict[str, str]:
    """Returns the variables of os-release, or nothing where there is no such file."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value.strip("\"'") for name, _, value in pairs if value}


def is_debian(release: Mapping[str, str]) -> bool:
    """Returns whether this is Debian, Ubuntu, or made from one of them."""
    return bool({"debian", "ubuntu"} & {release.get("ID", ""), *release.get("ID_LIKE", "").split()})


def name_packages(programs: Iterable[Program], release: Mapping[str, str]) -> list[str]:
    system = "ubuntu" if "ubuntu" in release.get("ID_LIKE", "").split() else release.get("ID", "")
    return sorted({program.elsewhere.get(system, program.package) for program in programs})


def describe_install(programs: Sequence[Program], release: Mapping[str, str]) -> str:
    """Returns the command that installs programs, or their names where packages have other names."""
    if is_debian(release):
        return f"apt-get install {' '.join(name_packages(programs, release))}"
    names = sorted({program.module or Path(program.names[0]).name for program in programs})
    return f"install {', '.join(names)}"


def find_rights() -> list[str] | None:
    """Returns what to put before apt-get so that it may install; None where it may not."""
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    sudo = shutil.which("sudo")
    if not sudo:
        return None
    allowed = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False, timeout=30).returncode == 0
    return [sudo, "-n", "env", "DEBIAN_FRONTEND=noninteractive"] if allowed else None


def install(packages: Sequence[str], before: Sequence[str]) -> None:
    """Installs all at once, or, where one of them can't be installed, each that can."""
    print(f"apt-get install {' '.join(packages)}", flush=True)
    _call([*before, "apt-get", *PATIENT, "-q", "update"])
    command = [*before, "apt-get", *PATIENT, "-q", "-y", "--no-install-recommends", "install"]
    if not _call([*command, *packages]) and len(packages) > 1:
        for package in packages:
            _call([*command, package])


def _call(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return False
    if done.returncode != 0:
        print("\n".join((done.stdout + done.stderr).splitlines()[-5:]), file=sys.stderr)
    return done.returncode == 0


def main(words: Sequence[str]) -> int:
    """Exits with 0 even where something is missing, unless `--required`: tests that need it are skipped."""
    parser = argparse.ArgumentParser(prog="make system-packages", description=__doc__)
    parser.add_argument("--required", action="store_true", help="exit with 1 if something is still missing")
    required = parser.parse_args(words).required
    release, missing = read_os_release(OS_RELEASE), find_missing()
    if missing and is_debian(release) and (before := find_rights()) is not None:
        install(name_packages(missing, release), before)
        missing = find_missing()
    if missing:
        markers = sorted({marker for program in missing for marker in program.markers})
        skipped = f"tests that are {' or '.join(markers)} will be skipped; to run them: " if markers else "first: "
        print(f"system packages are missing; {skipped}{describe_install(missing, release)}", file=sys.stderr)
    return 1 if missing and required else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
