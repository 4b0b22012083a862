"""Other packages that install a command or a Python package `envctl`, as their metadata says."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from envctl.adapters.local.installation import InstalledPackages
from envctl.usecases.ports.installation import Package

PIP = f"{shlex.quote(sys.executable)} -m pip"
REMOVAL = f"{PIP} uninstall --yes envctl"
OURS = "../../../bin/envctl,sha256=3fa9,220\nenvctl/__init__.py,sha256=3fa9,30\n"


def install(site: Path, name: str, version: str, record: str = "", **files: object) -> Package:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(record)
    for file, content in files.items():
        (info / f"{file}.json").write_text(json.dumps(content))
    return Package(name, version, str(site))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages"
    install(folder, "envctl-promotion", "0.1.0", OURS)
    install(
        folder, "boto3", "1.40.0", "boto3/__init__.py,sha256=3fa9,30\nboto3/envctl/x.py,,\n../../../bin/envctl-x,,\n"
    )
    return folder


def test_own_package_alone_has_no_rival(site: Path) -> None:
    packages = InstalledPackages([str(site)])
    assert packages.list_rivals() == []
    assert packages.find_own_package() == Package("envctl-promotion", "0.1.0", str(site))


def test_package_called_envctl_is_a_rival(site: Path) -> None:
    other = install(site, "envctl", "2.5.1", "_editable.pth,,\n")
    assert InstalledPackages([str(site), str(site)]).list_rivals() == [other]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param("../../../bin/envctl,sha256=3fa9,220\n", id="the same command"),
        pytest.param("other/__init__.py,,\nenvctl/cli.py,sha256=3fa9,30\n", id="the same folder"),
    ],
)
def test_package_with_shared_files_is_a_rival(site: Path, record: str) -> None:
    other = install(site, "env-tools", "1.0", record)
    assert InstalledPackages([str(site)]).list_rivals() == [other]


def test_old_metadata_names_the_shared_folder(site: Path) -> None:
    info = site / "env_tools-1.0.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: env_tools\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("envctl\nother\n")
    assert InstalledPackages([str(site)]).list_rivals() == [Package("env-tools", "1.0", str(site))]


def test_damaged_metadata_is_skipped(site: Path) -> None:
    (site / "broken-1.0.dist-info").mkdir()
    assert InstalledPackages([str(site)]).list_rivals() == []


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        pytest.param(None, "envctl-promotion==0.1.0", id="a package index"),
        pytest.param(
            {"url": "file:///a b", "dir_info": {"editable": True}}, "--editable '/a b'", id="an editable clone"
        ),
        pytest.param({"url": "file:///clone", "dir_info": {}}, "/clone", id="a clone"),
        pytest.param(
            {"url": "https://h/envctl", "vcs_info": {"vcs": "git", "commit_id": "1f0e"}},
            "'envctl-promotion @ git+https://h/envctl@1f0e'",
            id="a commit",
        ),
        pytest.param(
            {"url": "https://h/e.whl", "archive_info": {}}, "'envctl-promotion @ https://h/e.whl'", id="a wheel"
        ),
        pytest.param("nonsense", "envctl-promotion==0.1.0", id="damaged"),
    ],
)
def test_removal_reinstalls_from_the_same_source(tmp_path: Path, origin: object, source: str) -> None:
    install(tmp_path, "envctl-promotion", "0.1.0", OURS, **({"direct_url": origin} if origin else {}))
    rival = install(tmp_path, "envctl", "2.5.1")
    packages = InstalledPackages([str(tmp_path)])
    assert packages.suggest_removal([rival]) == f"{REMOVAL} && {PIP} install --force-reinstall --no-deps {source}"


COMMIT, DIGEST = "1f0e" * 10, "ab" * 32
WHEEL = "https://h.example/envctl_promotion-0.1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("origin", "package"),
    [
        (
            {"url": "https://h.example/a/envctl", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"git+https://h.example/a/envctl@{COMMIT}",
        ),
        ({"url": WHEEL, "archive_info": {"hashes": {"sha256": DIGEST}}}, f"{WHEEL}#sha256={DIGEST}"),
        ({"url": WHEEL, "archive_info": {}}, ""),
        ({"url": "https://me:secret@h.example/a/envctl", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ""),
        ({"url": "file:///clone", "dir_info": {"editable": True}}, ""),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_jobs_can_install_what_has_a_hash(tmp_path: Path, origin: object, package: str) -> None:
    install(tmp_path, "envctl-promotion", "0.1.0", OURS, **({"direct_url": origin} if origin else {}))
    assert InstalledPackages([str(tmp_path)]).find_ci_package() == package


def test_removal_beside_a_checkout_only_uninstalls(tmp_path: Path) -> None:
    rival = install(tmp_path, "envctl", "2.5.1")
    packages = InstalledPackages([str(tmp_path)])
    assert (packages.find_own_package(), packages.suggest_removal([rival])) == (None, REMOVAL)


def test_this_environment_has_no_rival() -> None:
    assert InstalledPackages().list_rivals() == []
