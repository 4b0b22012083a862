"""A job of GitHub Actions without any key: AWS takes its token for a role, and says with it who is at work.

moto wants even this call to be signed where it enforces IAM, which AWS does not: so here everybody may do everything.
"""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.e2e.conftest import Project
from tests.e2e.organisation import MODULE, PROJECT, TOOLS, Organisation
from tests.faults.site import Site, answer, serving

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]


@pytest.mark.night
def test_github_actions_run_is_verified_without_keys(
    tmp_path: Path, home: Path, trusting_organisation: Organisation
) -> None:
    shop = Project(tmp_path / "shop", home, trusting_organisation.build_job_environment("octocat", tmp_path / "token"))
    shop.write("envctl.toml", PROJECT + ONLY_CI)
    shop.write("modules/parameters/main.tf", MODULE)
    shop.run_checked("apply", "dev", "--yes")
    actor = shop.run_checked("history", "--json").document["result"]["entries"][0]["actor"]
    assert actor == {
        "name": "octocat",
        "via": "github",
        "verified": True,
        "run_url": "https://github.com/acme/shop/actions/runs/42",
        "arn": actor["arn"],
        "teams": [],
        "environment": "",
        "also": [],
    }
    assert actor["arn"].startswith(f"arn:aws:sts::{TOOLS}:assumed-role/envctl-ci/")
    # Who only says that it is a run is not believed.
    pretended = trusting_organisation.build_environment("ann") | {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat"}
    at_home = Project(shop.root, home, pretended)
    refused = at_home.run("apply", "dev", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G207"])
    assert "AWS_WEB_IDENTITY_TOKEN_FILE is not set" in refused.document["problems"][0]["message"]


ONLY_CI = """
[environments.dev.allow]
apply = ["github:octocat"]
only_ci = true
"""
# What a branch could write: programs that keep what they see.
NOSY_MODULE = """
resource "terraform_data" "nosy" {
  provisioner "local-exec" {
    command = "env > $SEEN/terraform; cat $AWS_WEB_IDENTITY_TOKEN_FILE > $SEEN/token"
  }
}
"""
NOSY = """
[checks.nosy]
kind = "command"
command = ["sh", "-c", "env > $SEEN/check"]
environments = ["dev"]

[cost]
command = ["sh", "-c", "env > $SEEN/cost; exit 1"]
"""
SECRETS = {
    "GITHUB_TOKEN": "ghs_tokenofthejob0000000000000000000000",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer-of-the-job",
    "ACTIONS_RUNTIME_TOKEN": "runtime-token-of-the-job",
    "CI_JOB_TOKEN": "job-token-of-gitlab",
    "GITHUB_ENV": "/later-steps",
}


def test_job_requests_its_token_and_hides_it_from_programs(
    tmp_path: Path, home: Path, trusting_organisation: Organisation
) -> None:
    variables = trusting_organisation.build_job_environment("octocat", tmp_path / "token")
    del variables["AWS_WEB_IDENTITY_TOKEN_FILE"]
    seen, runner = tmp_path / "seen", tmp_path / "runner"
    seen.mkdir()
    runner.mkdir()
    token = (tmp_path / "token").read_text()
    with serving(Site()) as site:
        site.answers = [answer(200, json.dumps({"value": token}).encode())]
        url = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{site.url}/?v=1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        given = {**variables, **SECRETS, **url, "SEEN": str(seen), "RUNNER_TEMP": str(runner)}
        shop = Project(tmp_path / "shop", home, given)
        shop.write("envctl.toml", PROJECT + ONLY_CI + NOSY)
        # Terraform takes the token for the state in S3; a provider would take it once more.
        shop.write("modules/parameters/main.tf", NOSY_MODULE)
        # A cost program runs with a plan alone.
        before = len(trusting_organisation.proxy.asked)
        planned = shop.run("plan", "dev")
        done = shop.run_checked("apply", "dev", "--yes")
        asked = [request.partition("\r\n")[0] for request in site.requests]
    # Each hop names the run and its attempt, also those of Terraform's provider and backend.
    hops = {
        (fields["Action"][0], fields["RoleSessionName"][0])
        for request, _ in trusting_organisation.proxy.asked[before:]
        if "RoleSessionName" in (fields := parse_qs(request.body.decode(errors="replace")))
    }
    assert hops == {
        ("AssumeRoleWithWebIdentity", "envctl-42.1-octocat"),
        ("AssumeRole", "envctl-42.1-octocat"),
    }
    # Once in each command.
    assert asked == ["GET /?v=1&audience=sts.amazonaws.com HTTP/1.1"] * 2
    assert token not in f"{planned.out}{planned.err}{done.out}{done.err}"
    # Terraform renews its credentials with the same file, which is gone now.
    assert (seen / "token").read_text() == token
    assert list(runner.iterdir()) == []
    found = {name: (seen / name).read_text() for name in ("terraform", "check", "cost")}
    for name, text in found.items():
        assert "GITHUB_ACTOR=octocat" in text, name
        assert not [each for each in SECRETS if each in text], name
    for name in ("check", "cost"):
        assert not [each for each in ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE") if each in found[name]], name


@pytest.mark.night
def test_forks_job_says_that_it_gets_no_role(tmp_path: Path, home: Path, trusting_organisation: Organisation) -> None:
    variables = trusting_organisation.build_job_environment("mallory", tmp_path / "token")
    event = tmp_path / "event.json"
    sides = {"head": {"repo": {"full_name": "mallory/shop"}}, "base": {"repo": {"full_name": "acme/shop"}}}
    event.write_text(json.dumps({"pull_request": sides}))
    fork = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    shop = Project(tmp_path / "shop", home, {**variables, **fork})
    shop.write("envctl.toml", PROJECT)
    shop.write("modules/parameters/main.tf", MODULE)
    before = len(trusting_organisation.proxy.asked)
    for words in (("plan", "dev"), ("preview",), ("drift",), ("status",), ("apply", "dev", "--yes")):
        refused = shop.run(*words, "--json")
        assert (refused.code, set(refused.codes)) == (3, {"E499"}), words
    assert len(trusting_organisation.proxy.asked) == before
    assert shop.run("validate").code == 0
