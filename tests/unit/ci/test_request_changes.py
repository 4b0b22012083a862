"""What a request changes besides resources."""

import pytest

from envctl.domain.ci.request_changes import list_request_changes

PROGRAMS = ("python", "tools/cost.py", "pytest", "tests/smoke", "--url=x", "/usr/bin/curl", "../outside/run.sh")
CASES: dict[str, tuple[str, str, list[str]]] = {
    "the project file": ("envctl.toml", "", ["rules"]),
    "the project file of another project": ("billing/envctl.toml", "", []),
    "the project file in its folder": ("infra/shop/envctl.toml", "infra/shop", ["rules"]),
    "a workflow": (".github/workflows/envctl-deploy.yml", "infra/shop", ["workflows"]),
    "a lock file of workflows": (".github/envctl/requirements.txt", "", ["workflows"]),
    "a pipeline": (".gitlab-ci.yml", "", ["workflows"]),
    "a program": ("tools/cost.py", "", ["programs"]),
    "a file beside a program": ("tools/prices.json", "", ["programs"]),
    "a test that is a check": ("tests/smoke/test_home.py", "", ["programs"]),
    "another test": ("tests/unit/test_home.py", "", []),
    "a program in the folder of the project": ("infra/shop/tools/cost.py", "infra/shop", ["programs"]),
    "a program of another project": ("tools/cost.py", "infra/shop", []),
    "a module that starts a program": ("modules/web/main.tf", "", ["programs"]),
    "another module": ("modules/queue/main.tf", "", []),
    "a page": ("README.md", "", []),
    "a file outside of the project": ("outside/run.sh", "infra/shop", []),
}
MODULES = {
    "modules/web/main.tf": b'data "external" "price" {}',
    "modules/queue/main.tf": b'resource "aws_sqs_queue" "this" {}',
}


@pytest.mark.parametrize(("path", "folder", "kinds"), CASES.values(), ids=CASES)
def test_kind_of_a_changed_file(path: str, folder: str, kinds: list[str]) -> None:
    found = list_request_changes([path], folder, PROGRAMS, MODULES)
    assert [each.kind for each in found] == kinds
    assert [each.paths for each in found] == [(path,)] * len(kinds)


def test_changes_are_listed_by_kind() -> None:
    paths = ["tools/b.py", ".github/workflows/ci.yml", "envctl.toml", "tools/a.py"]
    assert [str(each) for each in list_request_changes(paths, "", PROGRAMS, {})] == [
        "rules (envctl.toml)",
        "workflows (.github/workflows/ci.yml)",
        "programs (tools/a.py, tools/b.py)",
    ]
