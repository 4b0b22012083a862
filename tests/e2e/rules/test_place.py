"""An approval is for one place. Real Terraform in accounts of AWS, and the project file edited in between.

No resource needs a provider: the place is that of the state and the roles, which envctl asks AWS about itself.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, open_client, run_in_sandbox
from tests.e2e.project_text import PEER, render_project

pytestmark = pytest.mark.terraform

PROD = "333333333333"
STATES = '[state]\nbackend = "s3"\nbucket = "news-tfstate-{account_id}"\n'
TOML = render_project("news", {"news": ""}, ["dev", "prod"], on_aws=True, gates={"prod": PEER}, more=STATES)
MODULE = 'resource "terraform_data" "this" {\n  input = "jobs"\n}\n'
ELSEWHERE = TOML.replace(PROD, "999999999999").replace(
    '999999999999"\nregion = "ap-northeast-1"', '999999999999"\nregion = "eu-west-1"'
)
EDITS = {
    "account, role and region": (ELSEWHERE, "account 333333333333 -> 999999999999, region ap-northeast-1 -> eu-west-1"),
    "role": (
        TOML.replace("333333333333:role/envctl-deployer", "333333333333:role/admin"),
        "role arn:aws:iam::333333333333:role/envctl-deployer -> arn:aws:iam::333333333333:role/admin",
    ),
    "external id": (
        TOML.replace('333333333333"\nregion', '333333333333"\nexternal_id = "mine"\nregion'),
        "external id",
    ),
}


@pytest.fixture
def news(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "news", home)
    project.write("envctl.toml", TOML)
    project.write("modules/news/main.tf", MODULE)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def list_states(project: Project) -> list[Any]:
    s3 = open_client(project, "prod", "s3")
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    return [each["Key"] for name in buckets for each in s3.list_objects_v2(Bucket=name).get("Contents", [])]


def test_region_that_changed_stops_a_plan_at_once(news: Project) -> None:
    news.run_checked("--sandbox", "apply", "dev", "--yes")
    edited = TOML.replace('region = "ap-northeast-1"', 'region = "eu-west-1"', 1)
    news.write("envctl.toml", edited)
    (work,) = [each for each in news.root.glob(".envctl/**/work/dev") if each.is_dir()]
    shutil.rmtree(work)
    line = edited[: edited.index('"eu-west-1"')].count("\n") + 1
    told = f"dev was deployed with region ap-northeast-1 (entry 2); envctl.toml:{line} says region eu-west-1"
    began = time.monotonic()
    refused = news.run("--sandbox", "plan", "dev", "--json", timeout=30)
    assert time.monotonic() - began < 20
    assert (refused.code, refused.codes) == (78, ["E148"])
    assert refused.document["problems"][0]["message"] == told
    # Terraform had nothing to start in.
    assert not list(work.rglob("*.tf.json"))
    status = news.run_checked("--sandbox", "status").out
    assert "Nothing to do" not in status
    assert told in " ".join(status.split())
    valid = news.run_checked("--sandbox", "validate", "--json").document["result"]
    assert any(told in remark for remark in valid["remarks"])


def test_approval_for_one_place_is_refused_in_another(news: Project) -> None:
    promote = ("--sandbox", "promote", "dev", "prod", "--yes")
    news.run_checked("--sandbox", "apply", "dev", "--yes")
    approved = news.run_checked(
        "--sandbox", "approve", "prod", "--gate", "peer", "--yes", "--json", GIT_AUTHOR_EMAIL="bob@example.com"
    ).document["result"]
    assert approved["where"] == "account 333333333333, ap-northeast-1"

    for edited, told in EDITS.values():
        assert edited != TOML
        news.write("envctl.toml", edited)
        refused = news.run(*promote, "--json")
        assert (refused.code, refused.codes) == (4, ["G106"]), (told, refused.out)
        message = refused.document["problems"][0]["message"]
        assert f"the place of prod changed since the approval: {told}" in message
        why = news.run_checked("--sandbox", "why", "prod", "--json").document["result"]
        assert (why["gates"], why["next"].split()[:3]) == ({"peer": [0, 1]}, ["envctl", "--sandbox", "approve"])
    assert list_states(news) == []

    # Who plans, and from where, is no part of it.
    news.write("envctl.toml", TOML.replace('333333333333"\nregion', '333333333333"\nprofile = "mine"\nregion'))
    news.run_checked(*promote)
    assert list_states(news) == ["prod/news.tfstate"]
    entries = news.run_checked("--sandbox", "history", "--json").document["result"]["entries"]
    events = [each["event"] for each in entries if each["event"].get("environment") == "prod"]
    assert [event["place"] for event in events if "place" in event] == [approved["place"]] * 2
