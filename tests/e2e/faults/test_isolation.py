"""Nothing of one environment is created, read or changed with another's credentials: three accounts, and one for the
store, IAM enforced, real Terraform and provider, and no sandbox for envctl: all it knows of AWS are keys and a proxy.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ACCOUNTS, Project
from tests.e2e.organisation import MODULE, PROJECT, STORE, TOOLS, Organisation

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture
def shop(tmp_path: Path, home: Path, organisation: Organisation) -> Project:
    project = Project(tmp_path / "shop", home, organisation.build_environment("ci"))
    project.write("envctl.toml", PROJECT)
    project.write("modules/parameters/main.tf", MODULE)
    organisation.proxy.asked.clear()
    return project


@pytest.mark.night
def test_each_account_sees_only_its_own_credentials(shop: Project, organisation: Organisation) -> None:
    shop.run_checked("apply", "dev", "--yes")
    for source, target in (("dev", "staging"), ("staging", "prod")):
        organisation.proxy.asked.clear()
        shop.run_checked("promote", source, target, "--yes")
        asked = list(organisation.list_calls())
        accounts = {each.account for each in asked}
        assert accounts == {TOOLS, ACCOUNTS[target]}
        # One's own credentials reach the store, and take the role. All else is done as the target.
        assert {each.service for each in asked if each.account == TOOLS} == {"s3", "sts"}
        buckets = {(each.account, each.bucket) for each in asked if each.service == "s3"}
        assert buckets == {(TOOLS, STORE), (ACCOUNTS[target], f"shop-tfstate-{ACCOUNTS[target]}")}
        taken = organisation.list_role_requests()
        assert {each["ExternalId"] for each in taken} == {"shop-42"}
        assert {(each["Tags.member.1.Key"], each["Tags.member.1.Value"]) for each in taken} == {("team", "web")}
        # Whoever is at work stands in the name of the session.
        assert {each["RoleSessionName"] for each in taken} == {"envctl-ci"}
        assert {"ssm", "sns"} <= {each.service for each in asked if each.account == ACCOUNTS[target]}
    assert shop.run_checked("ledger", "verify").code == 0


@pytest.fixture
def never_terraform(tmp_path: Path) -> Iterator[str]:
    """A Terraform that must not be started."""
    program, started = tmp_path / "terraform", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntouch {started}\nexit 1\n")
    program.chmod(0o755)
    yield str(program)
    assert not started.exists()


WRONG = {
    "a role of another account": ("222222222222:role", "111111111111:role", "E103", 78),
    "ones own credentials in place of a role": (
        'assume_role = "arn:aws:iam::222222222222:role/envctl-deployer"\n',
        "",
        "G203",
        3,
    ),
    "a bucket for the state that the role may not look at": (
        'backend = "s3"',
        'backend = "s3"\nbucket = "shop-elsewhere-{account_id}"',
        "E424",
        1,
    ),
    "a bucket for the state in another region": (
        'region = "ap-northeast-1"\nassume_role = "arn:aws:iam::222222222222:role',
        'region = "eu-west-1"\nassume_role = "arn:aws:iam::222222222222:role',
        "E421",
        1,
    ),
    "an account that is another one's": ('account_id = "222222222222"', 'account_id = "555555555555"', "E103", 78),
}


@pytest.mark.night
def test_wrong_credentials_are_refused_before_terraform(
    shop: Project, organisation: Organisation, never_terraform: str
) -> None:
    shop.run_checked("apply", "dev", "--yes")
    organisation.proxy.asked.clear()
    promote = ("promote", "dev", "staging", "--yes")
    as_ann = Project(shop.root, shop.home, organisation.build_environment("ann"))
    denied = as_ann.run(*promote, "--json", ENVCTL_TERRAFORM=never_terraform)
    assert (denied.code, denied.codes) == (1, ["E413"])
    assert "is not authorized to perform: sts:AssumeRole" in denied.document["problems"][0]["message"]
    assert {each.account for each in organisation.list_calls()} == {TOOLS}

    shop.run_checked(*promote)
    for wrong, (right, instead, code, exit_code) in WRONG.items():
        shop.write("envctl.toml", PROJECT.replace(right, instead))
        for words in (promote, ("drift", "staging"), ("plan", "staging")):
            refused = shop.run(*words, "--json", ENVCTL_TERRAFORM=never_terraform)
            # Another region than the recorded one is refused by its guard before AWS is asked for the bucket.
            by_guard = words[0] == "promote" and code == "E421"
            assert ("G112" if by_guard else code) in refused.codes, (wrong, words, refused.out, refused.err)
            assert refused.code == (4 if by_guard else exit_code) or words[0] == "drift"
