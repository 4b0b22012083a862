"""Values of Secrets Manager and the Parameter Store with IAM enforced: who reads which, and nothing else has them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNTS, Project
from tests.e2e.organisation import (
    STORE,
    TOOLS,
    Organisation,
    load_policies,
    move_to_account,
    open_organisation,
    parse_signature,
)
from tests.e2e.rules.test_look_role import WITH_LOOK_ROLES, take_roles
from tests.secret_search import find_secret

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
SECRETS = """
[secrets.values]
db_password = "secretsmanager:{project}/{env}/db#password"
"parameters.token" = "ssm:/{project}/{env}/token"
"""
MODULE = """
variable "db_password" {
  type      = string
  sensitive = true
}

variable "token" {
  type      = string
  ephemeral = true
}

resource "terraform_data" "held" {
  input = var.db_password
}
"""
LOOK, DEPLOYER = "envctl-look", "envctl-deployer"


def plant(environment: str, what: str) -> str:
    return f"planted-{what}-of-{environment}-7f3a"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Organisation]:
    looks, written = load_policies("look-role"), load_policies()
    with open_organisation(tmp_path_factory.mktemp("company"), unpacked_provider) as found:
        for environment, account in ACCOUNTS.items():
            found.open_admin_client(account)
            document = json.dumps({"password": plant(environment, "db"), "host": f"db.{environment}.example.com"})
            found.open_client(account, "secretsmanager").create_secret(
                Name=f"shop/{environment}/db", SecretString=document
            )
            found.open_client(account, "ssm").put_parameter(
                Name=f"/shop/{environment}/token", Value=plant(environment, "token"), Type="SecureString"
            )
            values = written["ReadSecretValues"]
            found.create_role(account, LOOK, [move_to_account(looks["ListTheStatesToRead"], environment), values])
            found.open_admin_client(account).put_role_policy(
                RoleName=DEPLOYER, PolicyName="values", PolicyDocument=json.dumps(values)
            )
        found.open_admin_client(TOOLS)
        found.create_user("bob", [written["ListTheStore"], take_roles(*ACCOUNTS)])
        found.enforce_iam()
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, company: Organisation) -> Project:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home", company.build_environment("ci"))
    text = WITH_LOOK_ROLES.replace("prod.gates]\napprovals = {}", "prod.gates]\napprovals = { peer = 1 }")
    project.write("envctl.toml", text + SECRETS)
    # No provider: whoever reads a parameter here is envctl.
    project.write("modules/parameters/main.tf", MODULE)
    for name in ACCOUNTS:
        project.write(f"environments/{name}/terraform.tfvars", "")
    return project


def as_bob(shop: Project, company: Organisation) -> Project:
    return Project(shop.root, shop.home, company.build_environment("bob"))


def list_readers(company: Organisation, since: int = 0) -> set[tuple[str, str]]:
    """The account and the role of each request that read a value."""
    readers = set()
    for request, _ in company.proxy.asked[since:]:
        target = next((value for name, value in request.headers if name.lower() == "x-amz-target"), "")
        if target.endswith((".GetSecretValue", "AmazonSSM.GetParameter")):
            caller = company.proxy.callers.get(parse_signature(request)[0], "")
            if b"/shop/" in request.body or b"shop/" in request.body:
                readers.add((caller.split(":")[4], caller.split("/")[1]))
    return readers


def find_planted(*places: Path) -> list[str]:
    return [
        each
        for environment in ACCOUNTS
        for what in ("db", "token")
        for each in find_secret(plant(environment, what), *places)
    ]


def search_store(company: Organisation) -> list[str]:
    s3: Any = company.open_admin_client(TOOLS, "s3")
    found = []
    for each in s3.list_objects_v2(Bucket=STORE).get("Contents", []):
        data = s3.get_object(Bucket=STORE, Key=each["Key"])["Body"].read()
        found += [each["Key"] for name in ACCOUNTS for what in ("db", "token") if plant(name, what).encode() in data]
    return found


def test_values_come_from_each_account_and_stay_secret(shop: Project, company: Organisation) -> None:
    start = len(company.proxy.asked)
    said = [shop.run_checked("apply", "dev", "--yes")]
    said.append(shop.run_checked("promote", "dev", "staging", "--yes", "--trace", "trace.json", "--debug"))
    assert list_readers(company, start) == {(ACCOUNTS["dev"], DEPLOYER), (ACCOUNTS["staging"], DEPLOYER)}
    start, bob = len(company.proxy.asked), as_bob(shop, company)
    said.append(bob.run_checked("approve", "prod", "--gate", "peer", "--yes"))
    assert list_readers(company, start) == {(ACCOUNTS["prod"], LOOK)}
    start = len(company.proxy.asked)
    said += [bob.run_checked("plan", "dev"), bob.run_checked("drift", "staging")]
    assert {role for _, role in list_readers(company, start)} == {LOOK}
    for words in (("settings", "prod"), ("render", "dev", "--json"), ("report", "--output", "page.html"), ("history",)):
        said.append(shop.run_checked(*words))
    text = "".join(ran.out + ran.err for ran in said)
    assert not [each for name in ACCOUNTS for what in ("db", "token") if (each := plant(name, what)) in text]
    assert find_planted(shop.root, shop.home) == []
    assert search_store(company) == []
    check_state(company, "dev")
    check_state(company, "staging")


def check_state(company: Organisation, name: str) -> None:
    """Terraform keeps the value of a resource in its state; that of an ephemeral variable is nowhere."""
    s3: Any = company.open_admin_client(ACCOUNTS[name], "s3")
    key = f"{name}/parameters.tfstate"
    state = s3.get_object(Bucket=f"shop-tfstate-{ACCOUNTS[name]}", Key=key)["Body"].read()
    assert plant(name, "db").encode() in state
    assert plant(name, "token").encode() not in state


# By day, staging gets its values in the same way.
@pytest.mark.night
def test_prod_gets_its_own_values(shop: Project, company: Organisation) -> None:
    shop.run_checked("apply", "dev", "--yes")
    shop.run_checked("promote", "dev", "staging", "--yes")
    as_bob(shop, company).run_checked("approve", "prod", "--gate", "peer", "--yes")
    start = len(company.proxy.asked)
    shop.run_checked("promote", "staging", "prod", "--yes", "--debug")
    assert list_readers(company, start) == {(ACCOUNTS["prod"], DEPLOYER)}
    assert find_planted(shop.root, shop.home) == []
    assert search_store(company) == []
    check_state(company, "prod")


@pytest.mark.night
@pytest.mark.parametrize(
    ("action", "shown"),
    [("secretsmanager:GetSecretValue", "shop/dev/db"), ("ssm:GetParameter", "/shop/dev/token")],
)
def test_permission_to_read_values_is_needed(shop: Project, company: Organisation, action: str, shown: str) -> None:
    iam = company.open_admin_client(ACCOUNTS["dev"])
    denied = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": [action], "Resource": "*"}]}
    iam.put_role_policy(RoleName=LOOK, PolicyName="denied", PolicyDocument=json.dumps(denied))
    try:
        ran = as_bob(shop, company).run("plan", "dev", "--json")
    finally:
        iam.delete_role_policy(RoleName=LOOK, PolicyName="denied")
    assert (ran.code, ran.codes) == (1, ["E234"])
    (problem,) = ran.document["problems"]
    assert shown in problem["message"]
    assert action in problem["message"] + problem["hint"]
    assert problem["file"] == "envctl.toml"


@pytest.mark.night
def test_missing_secret_refuses_the_promotion(shop: Project, company: Organisation) -> None:
    shop.run_checked("apply", "dev", "--yes")
    company.open_admin_client(ACCOUNTS["staging"], "ssm").delete_parameter(Name="/shop/staging/token")
    refused = shop.run("promote", "dev", "staging", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G202", "E440"])
    assert shop.run("secrets", "check", "staging").code == 1
