"""What of a folder travels, without Terraform."""

from pathlib import Path

import pytest

from envctl.adapters.terraform.modules.packages import StrayLinkError, read_package


def folder(top: Path, *names: str) -> Path:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    return top


def test_inner_links_are_replaced_by_their_targets(tmp_path: Path) -> None:
    top = folder(tmp_path / "a", "main.tf", "modules/x/main.tf", "modules/x/deep/y.tf")
    (top / "link.tf").symlink_to("main.tf")
    (top / "linked").symlink_to("modules/x")
    (top / "nowhere").symlink_to("gone")
    (top / "modules" / "x" / "up").symlink_to("..")
    _, files = read_package(top, ["."])
    assert {name: file.data.decode() for name, file in files.items()} == {
        "link.tf": "main.tf",
        "linked/deep/y.tf": "modules/x/deep/y.tf",
        "linked/main.tf": "modules/x/main.tf",
        "main.tf": "main.tf",
        "modules/x/deep/y.tf": "modules/x/deep/y.tf",
        "modules/x/main.tf": "modules/x/main.tf",
    }


def test_git_and_test_files_are_omitted(tmp_path: Path) -> None:
    top = folder(tmp_path / "a", "main.tf", ".git/config", "tests/a.tf", "x/.terraform/y", ".terraform.lock.hcl")
    (top / "tests" / "stray").symlink_to("/etc/passwd")
    assert list(read_package(top, ["."])[1]) == ["main.tf"]
    assert list(read_package(folder(tmp_path / "b", "tests/x/a.tf", "tests/b.tf", "c.tf"), ["tests/x"])[1]) == [
        "c.tf",
        "tests/x/a.tf",
    ]


def test_single_top_folder_is_omitted_from_paths(tmp_path: Path) -> None:
    top = folder(tmp_path / "a", "vpc-5.1.0/main.tf", "vpc-5.1.0/x/main.tf")
    common, files = read_package(top, ["vpc-5.1.0"])
    assert (common, list(files)) == ("vpc-5.1.0", ["main.tf", "x/main.tf"])
    assert list(read_package(top, ["."])[1]) == ["vpc-5.1.0/main.tf", "vpc-5.1.0/x/main.tf"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../b", "x/../../b"])
def test_link_out_of_the_folder_is_named(tmp_path: Path, target: str) -> None:
    top = folder(tmp_path / "a", "main.tf", "x/y.tf")
    folder(tmp_path / "b", "c")
    (top / "x" / "link").symlink_to(target if target.startswith("/") else f"../{target}")
    with pytest.raises(StrayLinkError, match="x/link"):
        read_package(top, ["."])


@pytest.mark.parametrize("target", ["link", "../x/link"])
def test_a_link_to_itself_is_named(tmp_path: Path, target: str) -> None:
    top = folder(tmp_path / "a", "main.tf", "x/y.tf")
    (top / "x" / "link").symlink_to(target)
    with pytest.raises(StrayLinkError, match="x/link"):
        read_package(top, ["."])
