"""A job of GitHub Actions without any key: AWS takes its token for a role, and says with it who is at work.

moto wants even this call to be signed where it enforces IAM, which AWS does not: so here everybody may do everything.
"""

from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.organisation import MODULE, PROJECT, TOOLS, Organisation

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]


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
