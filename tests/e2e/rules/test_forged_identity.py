"""A token that its holder has written, beside keys of their own: it makes them no other person, and no job.

moto wants even the exchange of a token to be signed where it enforces IAM: so here everybody may do everything.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import REGION, Project
from tests.e2e.organisation import MODULE, PROJECT, TOOLS, Organisation

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture
def shop(tmp_path: Path, home: Path, trusting_organisation: Organisation) -> Project:
    """Ann has keys of her own in the profile of the store, and writes into a token file what she likes."""
    found = Project(tmp_path / "shop", home, trusting_organisation.build_job_environment("bob", tmp_path / "token"))
    keys = "\n".join(f"{name.lower()} = {value}" for name, value in trusting_organisation.people["ann"].items())
    found.write("aws/config", f"[profile own]\n{keys}\nregion = {REGION}\n")
    found.write("envctl.toml", FORGED)
    found.write("modules/parameters/main.tf", MODULE)
    return replace(found, extra={**found.extra, "AWS_CONFIG_FILE": os.fspath(found.root / "aws/config")})


def run_of(shop: Project, trusting_organisation: Organisation, actor: str, **claims: object) -> Project:
    trusting_organisation.write_token(Path(shop.extra["AWS_WEB_IDENTITY_TOKEN_FILE"]), actor, **claims)
    return replace(shop, extra={**shop.extra, "GITHUB_ACTOR": actor})


@pytest.mark.night
def test_forged_token_beside_own_keys_changes_no_identity(shop: Project, trusting_organisation: Organisation) -> None:
    ann = f"arn:aws:iam::{TOOLS}:user/ann"
    run_of(shop, trusting_organisation, "maker").run_checked("apply", "dev", "--yes")
    for gate in ("peer", "open"):
        bob = run_of(shop, trusting_organisation, "bob", environment="staging")
        approved = bob.run("approve", "staging", "--gate", gate, "--yes", "--json")
        assert (approved.code, approved.codes) == (3, ["G106"]), approved.out
    opsbot = run_of(shop, trusting_organisation, "opsbot", environment="staging", teams=["acme/operators"])
    promoted = opsbot.run("promote", "dev", "staging", "--yes", "--json")
    assert (promoted.code, set(promoted.codes)) == (3, {"G106", "G207"})
    for command in ("why", "doctor"):
        said = opsbot.run(command, "staging", "--json").out
        assert "the credentials come from config-file, not from AWS_WEB_IDENTITY_TOKEN_FILE" in said
    entries = shop.run_checked("history", "--json").document["result"]["entries"]
    assert {(each["actor"]["via"], each["actor"]["name"], each["actor"]["arn"]) for each in entries} == {
        ("aws", ann, ann)
    }


GATES = "approvals = { peer = 1, open = 1 }"
FORGED = (
    PROJECT.replace(f'account_id = "{TOOLS}"', f'account_id = "{TOOLS}"\nprofile = "own"').replace(
        "staging.gates]\napprovals = {}", f"staging.gates]\n{GATES}"
    )
    + """
[environments.staging.allow]
approve = { peer = ["github:bob"] }
apply = ["github-team:acme/operators"]
only_ci = true
"""
)
