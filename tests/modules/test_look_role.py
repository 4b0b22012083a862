"""The role that looks, of module access, may read what Terraform reads of the modules of the pipeline.

moto enforces its permissions here; it checks which resource is meant for S3 and STS alone.
"""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.e2e.organisation import adapt_to_moto
from tests.modules.applying import Account, Applying, Case
from tests.modules.cases import CASES

OWN = "100000000018"
ROLES = Case(
    "roles",
    OWN,
    """
module "access" {
  source = "./modules/access"

  project               = "shop"
  environment           = "dev-account"
  deploys_environment   = "dev"
  management_account_id = "999999999999"
  deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-dev"]
  look_trusted_arns     = ["arn:aws:iam::444444444444:role/envctl-ci-drift"]
}
""",
    lambda account, found: None,
    lambda account: None,
)
# Those of the foundation are planned by the foundation's role.
FOUNDATION = {"access", "account_baseline", "ci_access", "organization", "pipeline", "signing_keys"}
# moto calls actions by the service that a request is signed for, and by the name of the request.
MOTO_NAMES = {"cloudwatch:": "monitoring:", "budgets:ViewBudget": "budgets:Describe*"}
# moto miscalculates the signature of some requests of these, whoever asks.
UNSIGNED = {"backup", "backup_vault", "eks"}
# Its root module has a provider of its own, with the role of the deployer. It reads what module rds reads.
OTHERWISE = {"rds_replica"}
AT_ONCE = 6


@pytest.mark.night
@pytest.mark.terraform
@pytest.mark.slow
def test_look_role_suffices_to_plan_each_module(
    sandbox: RunningSandbox,
    terraform: tuple[str, ...],
    tmp_path: Path,
    subtests: pytest.Subtests,
    request: pytest.FixtureRequest,
) -> None:
    wanted = request.config.getoption("--only-modules", None)
    chosen = [each.in_short() for each in CASES if each.name not in FOUNDATION | UNSIGNED | OTHERWISE]
    chosen = [each for each in chosen if wanted is None or each.name in wanted.split(",")]
    modules = {case.name: _open(case, sandbox, terraform, tmp_path) for case in (ROLES, *chosen)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for applied in [pool.submit(each.apply) for each in modules.values()]:
            applied.result()
    policies = _read_policies(Account(sandbox, OWN).client("iam"))
    for case in chosen:
        _create_look_role(Account(sandbox, case.account).client("iam"), policies, case.account)
    keys = _create_looker(Account(sandbox, OWN).client("iam"))
    _enforce_permissions(sandbox)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        plans = {case.name: pool.submit(modules[case.name].plan_as, "envctl-look", keys) for case in chosen}
        for name, planned in plans.items():
            with subtests.test(name):
                planned.result()


def _open(case: Case, sandbox: RunningSandbox, terraform: tuple[str, ...], folder: Path) -> Applying:
    (folder / case.name).mkdir()
    return Applying(case, sandbox, terraform, folder / case.name)


def _read_policies(iam: Any) -> list[str]:
    found = []
    for policy in iam.list_attached_role_policies(RoleName="envctl-look")["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        text = json.dumps(adapt_to_moto(document))
        for name, moto_name in MOTO_NAMES.items():
            text = text.replace(f'"{name}', f'"{moto_name}')
        found.append(text)
    assert len(found) == 2
    return found


def _create_look_role(iam: Any, policies: list[str], account: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="envctl-look", AssumeRolePolicyDocument=document)
    for number, policy in enumerate(policies):
        own = policy.replace(OWN, account)
        iam.put_role_policy(RoleName="envctl-look", PolicyName=f"look-{number}", PolicyDocument=own)


def _create_looker(iam: Any) -> dict[str, str]:
    """A user of another account, as jobs are: moto evaluates trust within one account, and wrongly."""
    iam.create_user(UserName="looker")
    taken = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [taken]})
    iam.put_user_policy(UserName="looker", PolicyName="take", PolicyDocument=document)
    key = iam.create_access_key(UserName="looker")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def _enforce_permissions(sandbox: RunningSandbox) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"{sandbox.moto_url}/moto-api/reset-auth"
    plain = {"Content-Type": "text/plain"}
    with opener.open(urllib.request.Request(url, b"0", plain, method="POST"), timeout=10) as answer:
        assert answer.status == 200
