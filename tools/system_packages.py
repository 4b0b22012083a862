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
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

OS_RELEASE = Path("/etc/os-release")
# In a shell of a person who is not root the folders of `sbin` are often not searched.
SEARCHED = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
# Seconds for each call of apt-get: Chromium alone is 100 MB.
LIMIT = 900
# Programs of other releases of Debian are unpacked here: they replace nothing of the machine, and start no service.
UNPACKED = Path("/usr/local/lib/test-programs")
DEBIAN_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
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
        suite: The release of Debian whose package is unpacked into `UNPACKED`; empty for a package that is installed.
    """

    package: str
    names: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    module: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    suite: str = ""

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
    Program("gnupg", ("gpg",)),
    Program("gpgv", ("gpgv",)),
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
    # Debian 12 builds it without the discovery in Kubernetes.
    Program("prometheus", (f"{UNPACKED}/usr/bin/prometheus",), ("prometheus",), suite="trixie"),
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
    return sorted({program.elsewhere.get(system, program.package) for program in programs if not program.suite})


def describe_install(programs: Sequence[Program], release: Mapping[str, str]) -> str:
    """Returns the command that installs programs, or their names where packages have other names."""
    steps = [f"unpack {each.package} of Debian {each.suite} into {UNPACKED}" for each in programs if each.suite]
    installed = [program for program in programs if not program.suite]
    if installed and is_debian(release):
        steps.insert(0, f"apt-get install {' '.join(name_packages(installed, release))}")
    elif installed:
        names = sorted({program.module or Path(program.names[0]).name for program in installed})
        steps.insert(0, f"install {', '.join(names)}")
    return ", ".join(steps)


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


def unpack(program: Program, before: Sequence[str]) -> None:
    """Unpacks the package of another release of Debian, from where this machine has its own packages.

    Lists and package go into a folder that is removed, so that no other package can come from that release.
    """
    print(f"unpack {program.package} of Debian {program.suite}", flush=True)
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    found = subprocess.run(asked, capture_output=True, text=True, timeout=LIMIT, check=False).stdout.split()
    if not found:
        print("the machine has no packages of Debian", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lists/partial", "archives/partial"):
            (Path(folder) / name).mkdir(parents=True)
        sources = Path(folder) / "sources.list"
        sources.write_text(f"deb [signed-by={DEBIAN_KEYS}] {found[0]} {program.suite} main\n")
        settings = [f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null", f"Dir::Cache={folder}"]
        settings += [f"Dir::State::Lists={folder}/lists", "APT::Sandbox::User=root", "Acquire::Languages=none"]
        apt_get = ["apt-get", *PATIENT, *(word for setting in settings for word in ("-o", setting)), "-q"]
        if _call([*apt_get, "update"]) and _call([*apt_get, "download", program.package], folder):
            (package,) = Path(folder).glob("*.deb")
            _call([*before, "dpkg-deb", "--extract", str(package), str(UNPACKED)])


def _call(command: Sequence[str], folder: str | None = None) -> bool:
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False
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
        if packages := name_packages(missing, release):
            install(packages, before)
        for program in missing:
            if program.suite:
                unpack(program, before)
        missing = find_missing()
    if missing:
        markers = sorted({marker for program in missing for marker in program.markers})
        skipped = f"tests that are {' or '.join(markers)} will be skipped; to run them: " if markers else "first: "
        print(f"system packages are missing; {skipped}{describe_install(missing, release)}", file=sys.stderr)
    return 1 if missing and required else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
