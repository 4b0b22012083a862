"""Values that are a path of one machine are told with their line."""

from collections.abc import Mapping

import pytest

from envctl.domain.release.bundle import File, Release
from envctl.domain.release.machine_paths import find_machine_paths
from envctl.domain.release.wiring import Wiring

TOLD: Mapping[str, tuple[str, str]] = {
    "a tag": ("tags = { path = path.cwd }", "path.cwd"),
    "a part of a text": ('name = "${path.cwd}/x"', "path.cwd"),
    "a called function": ('folder = replace(path.cwd, var.base, "")', "path.cwd"),
    "an absolute path": ('filename = abspath("${path.module}/x.zip")', "abspath(…)"),
    "the home folder": ('key = pathexpand("~/.ssh/id")', "pathexpand(…)"),
}
UNTOLD = {
    "a comment": "# path.cwd",
    "a comment behind": "a = 1 # path.cwd",
    "the content of a file": 'policy = file(abspath("${path.module}/p.json"))',
    "the last name": 'name = basename("${path.cwd}")',
    "the folder of a program": "working_dir = path.cwd",
    "another path": 'name = "${path.module}/x"',
    "another word": "mypath.cwd_x = my_abspath(1)",
}


def find(code: str, path: str = "live/main.tf") -> list[str]:
    wiring = Wiring(project="acme", terraform="", stacks={}, artifacts={}, schema={}, outputs={})
    return list(find_machine_paths(Release(wiring, {path: File(code.encode())})))


@pytest.mark.parametrize(("code", "found"), TOLD.values(), ids=TOLD)
def test_value_of_one_machine_is_told(code: str, found: str) -> None:
    (remark,) = find(f"locals {{\n  {code}\n}}\n")
    assert remark.startswith(f"live/main.tf:2: {found} is another path on each machine")


@pytest.mark.parametrize("code", UNTOLD.values(), ids=UNTOLD)
def test_value_of_all_machines_is_not_told(code: str) -> None:
    assert find(f"locals {{\n  {code}\n}}\n") == []


def test_providers_and_remote_modules_are_left_out() -> None:
    provider = 'provider "kubernetes" {\n  config_path = pathexpand("~/.kube/config")\n}\n'
    assert find(provider) == []
    assert find('provider "x" { a = path.cwd }\n') == []
    assert len(find(f"{provider}locals {{\n  a = path.cwd\n}}\n")) == 1
    assert find("a = path.cwd", ".remote/x/main.tf") == find("a: path.cwd", "live/x.yaml") == []


def test_json_code_is_searched() -> None:
    assert len(find('{\n"locals": {"a": "${path.cwd}"}}', "live/main.tf.json")) == 1
