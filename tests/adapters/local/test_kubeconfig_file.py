from pathlib import Path

import pytest

from envctl.adapters.local.kubeconfig_file import join_kubeconfigs, write_kubeconfig
from envctl.domain.errors import OperationFailedError


def test_kubeconfig_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".envctl" / "kubeconfig"
    for text in ("one", "two"):
        path = write_kubeconfig(folder, "dev", text)
        assert path.read_text() == text
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert [each.name for each in folder.iterdir()] == ["dev.json"]


def test_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("a file")
    with pytest.raises(OperationFailedError):
        write_kubeconfig(tmp_path / "kubeconfig", "dev", "text")


@pytest.mark.parametrize(("own", "expected"), [("/a:/b", "/x:/a:/b"), ("", "/x:/home/ann/.kube/config")])
def test_own_files_come_after_it(monkeypatch: pytest.MonkeyPatch, own: str, expected: str) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert join_kubeconfigs(Path("/x"), {"KUBECONFIG": own}) == expected
