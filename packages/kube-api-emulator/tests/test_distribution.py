"""The wheel and the source archive: what is in them, and that each works alone in a fresh environment."""

import os
import re
import signal
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.process import serve_cluster
from tests.programs import find_kubectl
from tests.wheels import (
    ROOT,
    build_distributions,
    copy_clone,
    create_environment,
    find_pythons,
    find_requirements,
    pack_wheel,
    select_locked,
)

PYTHONS = find_pythons()
LICENSES = ["LICENSE", "LICENSE-OTHERS", "NOTICE"]
NEEDED = ["cel-expr-python", "pyyaml", "trustme"]
CHECK = """
from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.schemas.schema_check import check_object, format_path
item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": 1}, "dta": {}}
for problem in check_object(load_schemas("1.36"), item):
    print(format_path(problem.path))
"""
PROBLEMS = ["data.a", "dta"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_clone(tmp_path_factory.mktemp("distribution") / "packages" / "kube-api-emulator")


@pytest.fixture(scope="module")
def built(clone: Path) -> Path:
    build_distributions(clone, clone.parent / "built")
    return clone.parent / "built"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with wheels of what the extra needs, and of what builds."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    for name in find_requirements([*NEEDED, "hatchling"]):
        pack_wheel(distribution(name), folder)
    return folder


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    environment = {"PATH": os.defpath, "HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_server(python: Path, folder: Path) -> None:
    """Check that the cluster of an environment answers kubectl."""
    with serve_cluster(folder / "kubeconfig", python=python) as served:
        assert "node/node-1\n" in served.run(find_kubectl(), "get", "nodes", "--output=name")
        assert served.stop(signal.SIGTERM) == 0


def test_wheel_has_the_package_alone(wheel: Path, clone: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    own = {path.relative_to(clone / "src").as_posix() for path in (clone / "src").rglob("*") if path.is_file()}
    assert {name for name in names if ".dist-info/" not in name} == own
    others = {name.partition(".dist-info/")[2] for name in names - own}
    assert others == {"METADATA", "RECORD", "WHEEL", *(f"licenses/{name}" for name in LICENSES)}
    assert {"kube_api_emulator/py.typed", "kube_api_emulator/schemas/data/1.36.json.xz"} <= own


def test_source_archive_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as opened:
        opened.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert {"CHANGELOG.md", *LICENSES, "README.md", "docs"} <= {each.name for each in unpacked.iterdir()}
    assert not (unpacked / "tests").exists()
    build_distributions(unpacked, tmp_path / "again")
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_another_clone_builds_the_same_bytes(built: Path, tmp_path: Path) -> None:
    other = copy_clone(tmp_path / "dist" / "clone")
    for name in ("src/kube_api_emulator/__pycache__/x.pyc", "src/kube_api_emulator/.mypy_cache/x", "dist/old.whl"):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text("x")
    for number, path in enumerate(sorted(other.rglob("*"))):
        os.utime(path, (number, number))
    build_distributions(other, tmp_path / "built")
    found = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    assert found == {path.name: path.read_bytes() for path in built.iterdir()}


def test_metadata_names_license_and_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith("/METADATA"))
        metadata: Message = Parser().parsestr(opened.read(name).decode())
    licences = "Apache-2.0 AND BSD-3-Clause AND MIT"
    assert (metadata["Name"], metadata["License-Expression"]) == ("kube-api-emulator", licences)
    assert metadata.get_all("License-File") == LICENSES
    assert metadata.get_all("Provides-Extra") == ["server"]
    needed = metadata.get_all("Requires-Dist", [])
    assert sorted(re.split(r"[<>]", each)[0] for each in needed if each.endswith("; extra == 'server'")) == NEEDED
    assert len(needed) == len(NEEDED)
    assert metadata.get_payload() == (ROOT / "README.md").read_text()


# By day with one Python: an environment for each takes most of the time.
@pytest.mark.parametrize(
    "python",
    [pytest.param(path, marks=() if path == PYTHONS[0] else pytest.mark.night, id=path.name) for path in PYTHONS],
)
def test_wheel_alone_checks_objects(wheel: Path, python: Path, tmp_path: Path) -> None:
    programs = create_environment(python, tmp_path / "environment", "--without-pip")
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    run(*pip, "install", "--no-index", wheel, folder=tmp_path)
    assert run(programs / "python", "-c", CHECK, folder=tmp_path).splitlines() == PROBLEMS
    command: list[str | Path] = [programs / "python", "-m", "kube_api_emulator", "--kubeconfig=kubeconfig"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    message = "kube-api-emulator needs its extra server: pip install 'kube-api-emulator[server]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_readme_installs_the_server(clone: Path, wheelhouse: Path, tmp_path: Path) -> None:
    (command,) = re.findall(r"^```sh\n(pip install .*)\n```$", (ROOT / "README.md").read_text(), re.MULTILINE)
    programs = create_environment(PYTHONS[0], tmp_path / "environment")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheelhouse), "PATH": f"{programs}:{os.defpath}"}
    run("bash", "-c", command, folder=clone.parents[1], **offline)
    check_server(programs / "python", tmp_path)


@pytest.mark.index
@pytest.mark.night
@pytest.mark.timeout(300)
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.name)
def test_packages_of_the_lock_run_the_server(wheel: Path, python: Path, tmp_path: Path) -> None:
    programs = create_environment(python, tmp_path / "environment")
    locked = tmp_path / "requirements.lock"
    locked.write_text(select_locked(ROOT.parents[1] / "requirements.lock", find_requirements(NEEDED)))
    index = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT", "REQUESTS_"))}
    index["HOME"] = str(Path.home())
    run(programs / "pip", "install", "--require-hashes", "--no-deps", "-r", locked, folder=tmp_path, **index)
    run(programs / "pip", "install", "--no-index", f"{wheel}[server]", folder=tmp_path)
    check_server(programs / "python", tmp_path)
