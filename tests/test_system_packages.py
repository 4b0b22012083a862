"""What tests need is installed where that is possible, and named where it is not."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tools import system_packages
from tools.system_packages import NEEDED, UNPACKED, Program, describe_install, name_packages

from tests.programs import SYSTEM_PATH

ROOT = Path(__file__).parents[1]
SYSTEMS = {
    "Debian": ("ID=debian\n", True),
    "Ubuntu": ("ID=ubuntu\nID_LIKE=debian\n", True),
    "what is made from Ubuntu": ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
    "Fedora": ("ID=fedora\n", False),
    "Alpine": ("ID=alpine\n", False),
    "no Linux": (None, False),
}
# Two programs that no machine has, of which the fake apt-get knows what each package brings.
RUN = """
import os, sys
from pathlib import Path
from tools import system_packages as s
s.NEEDED = (
    s.Program("first-package", ("first-of-test",), ("registry",)),
    s.Program("second-package", ("second-of-test",), ("image",)),
    s.Program("bash", ("bash",), ("node",)),
)
s.OS_RELEASE, s.SEARCHED = Path(sys.argv.pop(1)), ("/bin",)
os.geteuid = lambda uid=int(sys.argv.pop(1)): uid
sys.exit(s.main(sys.argv[1:]))
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$LOG"
case "$*" in *" install "*) ;; *) exit 0 ;; esac
[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 2
for word in "$@"; do
  if [ "$word" = "$BROKEN" ]; then echo "E: Unable to locate package $word"; exit 100; fi
done
for word in "$@"; do
  case "$word" in *-package) cp /bin/true "${0%/*}/${word%-package}-of-test" ;; esac
done
"""
SUDO = '#!/bin/sh\necho "sudo $*" >> "$LOG"\nshift; exec "$@"\n'
NO_SUDO = "#!/bin/sh\nexit 1\n"


@pytest.mark.parametrize(("text", "expected"), SYSTEMS.values(), ids=SYSTEMS)
def test_debian_is_known_by_os_release(tmp_path: Path, text: str | None, expected: bool) -> None:
    file = tmp_path / "os-release"
    if text is not None:
        file.write_text(text)
    assert system_packages.is_debian(system_packages.read_os_release(file)) == expected


class Machine:
    def __init__(self, folder: Path, system: str) -> None:
        self.bin, self.log, self.release = folder / "bin", folder / "log", folder / "os-release"
        self.bin.mkdir()
        self.log.touch()
        self.release.write_text(system)
        self.add_program("apt-get", APT_GET)

    def add_program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, *words: str, uid: int = 0, broken: str = "") -> tuple[int, str]:
        environment = {"PATH": f"{self.bin}:{SYSTEM_PATH}", "LOG": os.fspath(self.log), "BROKEN": broken}
        command = [sys.executable, "-c", RUN, os.fspath(self.release), str(uid), *words]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stderr

    @property
    def apt_calls(self) -> list[str]:
        return [
            " ".join(word for word in line.split() if "::" not in word) for line in self.log.read_text().splitlines()
        ]


UPDATE = "apt-get -o -o -o -q update"
INSTALL = "apt-get -o -o -o -q -y --no-install-recommends install"


def test_root_installs_what_is_missing_and_no_more(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "ID=debian\n")
    assert machine.run("--required") == (0, "")
    assert machine.apt_calls == [UPDATE, f"{INSTALL} first-package second-package"]
    assert machine.run("--required") == (0, "")
    assert len(machine.apt_calls) == 2, "nothing was missing any more"


def test_sudo_without_password_installs_too(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "ID=ubuntu\n")
    machine.add_program("sudo", SUDO)
    assert machine.run(uid=1000) == (0, "")
    assert any(line.startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get") for line in machine.apt_calls)
    assert (machine.bin / "second-of-test").exists()


WAYS = {
    "a password is asked for": ("ID=debian\n", 1000, "apt-get install first-package second-package"),
    "another system": ("ID=fedora\n", 0, "install first-of-test, second-of-test"),
}


@pytest.mark.parametrize(("system", "uid", "told"), WAYS.values(), ids=WAYS)
def test_elsewhere_one_line_says_what_to_install(tmp_path: Path, system: str, uid: int, told: str) -> None:
    machine = Machine(tmp_path, system)
    machine.add_program("sudo", NO_SUDO)
    line = f"system packages are missing; tests that are image or registry will be skipped; to run them: {told}\n"
    assert machine.run(uid=uid) == (0, line)
    assert machine.run("--required", uid=uid) == (1, line)
    assert machine.apt_calls == []


def test_one_package_that_fails_costs_no_other(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "ID=debian\n")
    code, told = machine.run(broken="first-package")
    assert (code, (machine.bin / "second-of-test").exists()) == (0, True)
    assert told.splitlines()[-1] == (
        "system packages are missing; tests that are registry will be skipped; "
        "to run them: apt-get install first-package"
    )


def test_package_has_the_name_of_its_system() -> None:
    chromium = [program for program in NEEDED if program.package == "chromium"]
    assert name_packages(chromium, {"ID": "debian"}) == ["chromium"]
    assert name_packages(chromium, {"ID": "pop", "ID_LIKE": "ubuntu debian"}) == ["chromium-browser"]
    assert describe_install(chromium, {}) == "install chromium"


UNPACK = """
import sys
from pathlib import Path
from tools import system_packages as s
s.UNPACKED, s.LIMIT, s.SEARCHED = Path(sys.argv[1]), 20, ()
s.unpack(s.Program("third", suite="trixie"), ["env"])
"""
MIRROR = """#!/bin/sh
echo "apt-get $*" >> "$LOG"
case "$*" in
  indextargets*) echo https://mirror.example/debian ;;
  *update) for word; do case "$word" in Dir::Etc::SourceList=*) cat "${word#*=}" >> "$LOG" ;; esac; done ;;
  *"download third") touch third_1_all.deb ;;
esac
"""


def test_package_of_another_release_is_unpacked(tmp_path: Path) -> None:
    """It comes from the mirror of the machine, and is not installed."""
    machine = Machine(tmp_path, "ID=debian\n")
    machine.add_program("apt-get", MIRROR)
    machine.add_program("dpkg-deb", '#!/bin/sh\necho "dpkg-deb $1 ${2##*/} $3" >> "$LOG"\n')
    environment = {"PATH": f"{machine.bin}:{SYSTEM_PATH}", "LOG": os.fspath(machine.log)}
    subprocess.run([sys.executable, "-c", UNPACK, "/target"], cwd=ROOT, env=environment, check=True, timeout=60)
    lines = machine.log.read_text().splitlines()
    assert "deb [signed-by=" in lines[2]
    assert lines[2].endswith("] https://mirror.example/debian trixie main")
    assert lines[-1] == "dpkg-deb --extract third_1_all.deb /target"
    assert not any(" install " in line for line in lines)


def test_missing_program_of_another_release_is_named() -> None:
    both = [Program("first", ("first",)), Program("third", ("third",), suite="trixie")]
    unpacking = f"unpack third of Debian trixie into {UNPACKED}"
    assert describe_install(both, {"ID": "debian"}) == f"apt-get install first, {unpacking}"
    assert describe_install(both[1:], {}) == unpacking


def test_only_known_markers_need_programs(pytestconfig: pytest.Config) -> None:
    package = tomllib.loads((ROOT / "packages" / "kube-api-emulator" / "pyproject.toml").read_text())
    lines = [*pytestconfig.getini("markers"), *package["tool"]["pytest"]["ini_options"]["markers"]]
    known = {line.partition(":")[0] for line in lines}
    assert {marker for program in NEEDED for marker in program.markers} <= known


def test_programs_that_tests_look_for_are_listed() -> None:
    """A test that looks for a program itself would fail, or be left out, where nothing has installed it."""
    listed = {name for program in NEEDED for name in program.names}
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("which") and node.args:
                asked = node.args[0]
                if isinstance(asked, ast.Constant):
                    assert asked.value in listed, f"{file}:{node.lineno}"


def test_it_runs_before_anything_is_installed() -> None:
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, '.'); import tools.system_packages"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    assert Program("python3-venv", module="ensurepip").is_there()
