"""The pipeline of GitLab for three shapes of repository: word for word, and checked in each of its projects."""

import subprocess
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from envctl.cli.entry import run
from tests.cli.ci.github_shapes import GIT, PROJECT, WHEEL

ORDER = '["dev", "staging", "prod"]'
ENVIRONMENTS = "\n[environments.dev]\n[environments.staging]\n[environments.prod]\nprotected = true\n"
PEOPLE = f"""{ENVIRONMENTS}
account_id = "333333333333"
region = "ap-northeast-1"
signing_key = "alias/envctl-prod"
approval_signing_key = "arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-prod"
"""
ROLE = "arn:aws:iam::444444444444:role/envctl-ci-"
OWN_RUNNERS = f"""
[ci]
package = "{WHEEL}"

[ci.gitlab]
url = "https://gitlab.acme.dev"
branch = "trunk"
stage = "ship"
tags = ["aws", "linux"]
timeouts = {{ plan = "90m", deploy = "5h" }}
variables = {{ PIP_INDEX_URL = "https://pypi.acme.dev/simple", TF_LOG = "WARN" }}
before_script = ["export HTTPS_PROXY=http://proxy.acme.dev:3128"]
after_script = ["df -h .", "ci/tell.sh $envctl_result"]
paths = []

[ci.gitlab.roles]
plan = "{ROLE}plan"
drift = "{ROLE}drift"
dev = "{ROLE}dev"
staging = "{ROLE}staging"
prod = "{ROLE}prod"
"""
SHAPES = {
    "plain": {"": PROJECT.format(name="shop", order=ORDER) + ENVIRONMENTS + f'\n[ci]\npackage = "{GIT}"\n'},
    "two projects": {
        "shop/": PROJECT.format(name="shop", order='["dev", "prod"]')
        + f'\n[environments.dev]\n[environments.prod]\n[ci]\npackage = "{GIT}"\n',
        "billing/": PROJECT.format(name="billing", order='["no", "on"]')
        + f'\n[environments.no]\n[environments.on]\n[ci]\npackage = "{GIT}"\n[ci.gitlab]\nprefix = "billing"\n',
    },
    "a key for people": {"": PROJECT.format(name="shop", order=ORDER) + PEOPLE + f'\n[ci]\npackage = "{GIT}"\n'},
    "own runners": {"": PROJECT.format(name="shop", order=ORDER) + ENVIRONMENTS + OWN_RUNNERS},
}


@pytest.fixture(params=SHAPES)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=30)
    for folder, text in SHAPES[request.param].items():
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "envctl.toml").write_text(text)
        # The second project finds the pipeline of the first one, which does not include its file.
        assert run(["ci", "gitlab", "--project", f"{tmp_path / folder}"]) == (1 if folder == "billing/" else 0)
    return tmp_path


def test_pipelines_are_as_reviewed(repository: Path, snapshot: SnapshotAssertion) -> None:
    for file in sorted(repository.rglob("*.yml")):
        assert file.read_text() == snapshot(name=file.name)


def test_check_is_clean_for_each_project(repository: Path) -> None:
    main = repository / ".gitlab-ci.yml"
    main.write_text(main.read_text() + "  - local: .gitlab/billing.gitlab-ci.yml\n")
    for project in repository.rglob("envctl.toml"):
        assert run(["ci", "gitlab", "--check", "--project", f"{project.parent}"]) == 0
