"""Providers act in the account of their environment. Real Terraform with the real AWS provider; sandbox accounts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Sandbox
from tests.e2e.conftest import Project, open_client, run_in_sandbox
from tests.e2e.project_text import OPEN, render_project
from tests.modules import applying

pytestmark = pytest.mark.terraform

OTHER = "999999999999"
TOML = render_project("shop", {"news": ""}, on_aws=True, gates={"staging": OPEN})
NAMED = TOML.replace("region =", f'other_accounts = ["{OTHER}"]\nregion =')
TABLE = f"{TOML}\n[providers.aws]\n"
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_sns_topic" "here" {
  name = "here"
}
"""
ALIAS = """
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
}

resource "aws_sns_topic" "there" {
  provider = aws.us_east_1
  name     = "there"
}
"""
ELSEWHERE = ALIAS.replace(
    'region = "us-east-1"',
    f"""region = "ap-northeast-1"

  allowed_account_ids = ["{OTHER}"]
  assume_role {{
    role_arn = "arn:aws:iam::{OTHER}:role/envctl-deployer"
  }}""",
)


@pytest.fixture
def shop(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "shop", home)
    project.write("envctl.toml", TOML)
    project.write("modules/news/main.tf", MODULE)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def topics(project: Project, account: str = "") -> list[str]:
    if not account:
        found = open_client(project, "dev", "sns").list_topics()["Topics"]
    else:
        running = Sandbox(project.root / ".envctl" / "sandbox").find_running()
        assert running is not None
        found = applying.Account(running, account).client("sns").list_topics()["Topics"]
    return sorted(each["TopicArn"].rpartition(":")[2] for each in found)


TABLES = {
    "assume_role = []": ["E133"] * 3,
    "allowed_account_ids = []": ["E133"] * 3,
    "assume_role = []\nallowed_account_ids = []": ["E133"] * 6,
    'regoin = "eu-west-1"': ["E132"],
}


@pytest.mark.night
def test_provider_of_another_account_is_refused(shop: Project) -> None:
    shop.write("modules/news/main.tf", MODULE + ALIAS)
    for words in (("validate",), ("--sandbox", "apply", "dev", "--yes")):
        refused = shop.run(*words, "--json")
        assert (refused.code, refused.codes) == (78, ["E213"]), refused.out
        (problem,) = refused.document["problems"]
        assert (problem["file"], problem["line"]) == ("modules/news/main.tf", 12)
        assert "G203 of dev, staging and prod" in problem["message"]

    shop.write("modules/news/main.tf", MODULE)
    for text, codes in TABLES.items():
        shop.write("envctl.toml", TABLE + text)
        asked: list[tuple[str, ...]] = [("validate",)]
        if "\n" in text:
            asked.append(("--sandbox", "apply", "dev", "--yes"))
        for command in asked:
            refused = shop.run(*command, "--json")
            assert (refused.code, refused.codes) == (78, codes), (command, text, refused.out)
            assert all(each["line"] > TABLE.count("\n") for each in refused.document["problems"])

    # Known to newer providers than the one that plans, which says so itself.
    shop.write("envctl.toml", f'{TABLE}max_retries = 5\nsts_region = "us-east-1"\n')
    shop.run_checked("validate")
    refused = shop.run("--sandbox", "apply", "dev", "--yes", "--json")
    assert (refused.code, refused.codes) == (1, ["E305"]), refused.out
    (problem,) = refused.document["problems"]
    assert (problem["file"], problem["line"]) == ("envctl.toml", TABLE.count("\n") + 2)

    # The account that is named is one to act in, and the others are not.
    shop.write("modules/news/main.tf", MODULE + ELSEWHERE)
    shop.write("envctl.toml", TOML)
    assert shop.run("validate", "--json").codes == ["E213"]
    shop.write("envctl.toml", NAMED)
    shop.run_checked("validate")
    shop.run_checked("--sandbox", "apply", "dev", "--yes")
    assert (topics(shop), topics(shop, OTHER)) == (["here"], ["there"])

    # A release is not asked of the tree, but of its code, and of what Terraform plans with it.
    shop.write("envctl.toml", TOML)
    refused = shop.run("--sandbox", "promote", "dev", "staging", "--yes", "--json")
    assert (refused.code, refused.codes) == (78, ["E213"]), refused.out
    assert open_client(shop, "staging", "sns").list_topics()["Topics"] == []
