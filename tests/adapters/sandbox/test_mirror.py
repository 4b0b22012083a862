"""The provider is unpacked whole or not at all, once, and nothing leaves its folder."""

import zipfile
from pathlib import Path

import pytest

from envctl.adapters.sandbox import mirror
from envctl.adapters.sandbox.files import SandboxFiles
from envctl.adapters.sandbox.lifecycle import Sandbox
from envctl.adapters.sandbox.mirror import prepare_mirror, provider_folder
from envctl.domain.errors import OperationFailedError

NAME = "terraform-provider-aws_v3.39.0_x5"


@pytest.fixture
def files(tmp_path: Path) -> SandboxFiles:
    (tmp_path / "sandbox").mkdir()
    return SandboxFiles(tmp_path / "sandbox")


def test_provider_is_unpacked_once_and_executable(files: SandboxFiles, packaged: Path) -> None:
    pack(packaged, NAME)
    assert prepare_mirror(files)
    [provider] = provider_folder(files.mirror_folder).iterdir()
    assert provider.name == NAME
    assert provider.stat().st_mode & 0o111
    packaged.write_bytes(b"not looked at again")
    before = files.terraform_rc.stat()
    assert prepare_mirror(files)
    after = files.terraform_rc.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert f'path    = "{files.mirror_folder}"' in files.terraform_rc.read_text()


def test_registry_is_used_without_packaged_provider(files: SandboxFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_PACKAGE", "no_such_package")
    assert not prepare_mirror(files)
    assert files.terraform_rc.read_text() == "provider_installation {\n  direct {}\n}\n"
    assert not files.mirror_folder.exists()


def test_draft_of_killed_command_is_removed(files: SandboxFiles, packaged: Path) -> None:
    pack(packaged, NAME)
    draft = provider_folder(files.mirror_folder).with_name(".unpacking-abc")
    draft.mkdir(parents=True)
    (draft / NAME).write_bytes(b"half")
    assert prepare_mirror(files)
    assert [path.name for path in draft.parent.iterdir()] == [provider_folder(files.mirror_folder).name]
    draft.mkdir()
    Sandbox(files.directory).stop()
    assert not draft.exists()


@pytest.mark.parametrize("name", ["../escaped", "/etc/escaped", "folder/file", "..", "back\\slash"])
def test_archive_entry_outside_of_folder_is_refused(files: SandboxFiles, packaged: Path, name: str) -> None:
    pack(packaged, name)
    with pytest.raises(OperationFailedError, match="E507"):
        prepare_mirror(files)
    assert not provider_folder(files.mirror_folder).exists()
    assert list(files.directory.rglob("*escaped*")) == []


def test_damaged_archive_leaves_no_files(files: SandboxFiles, packaged: Path) -> None:
    pack(packaged, NAME)
    packaged.write_bytes(packaged.read_bytes()[:-30])
    with pytest.raises(OperationFailedError, match="E507"):
        prepare_mirror(files)
    assert [path for path in files.mirror_folder.rglob("*") if path.is_file() or path.name.startswith(".")] == []


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    archive = tmp_path / "provider.zip"
    monkeypatch.setattr(mirror, "_find_archive", lambda: archive)
    return archive


def pack(archive: Path, name: str) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(name, b"\x7fELF" * 100)
