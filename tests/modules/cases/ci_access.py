"""Module ci_access: its trust policies are read back from AWS, and asked with honest and hostile tokens."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.iam.generated_jobs import list_generated_jobs
from tests.iam.tokens import GITHUB, GITHUB_JOBS, GITLAB, GITLAB_JOBS, Provider, Token, decide_token
from tests.iam.trust import Decision
from tests.modules.applying import Account, Case, Found
from tests.modules.policies import Statement, statements

ACCOUNT = "100000000017"
IAM = f"arn:aws:iam::{ACCOUNT}"
ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}
STORE = "arn:aws:s3:::shop-envctl-store"
APPROVAL = "prod-approval"
JOBS = ("plan", "drift", *ACCOUNTS, APPROVAL)
APPROVAL_KEY = "arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-prod"
PLANNED_WITH = (
    *(
        "checkpoints/*",
        "ledger/*",
        "places/*",
        "project.json",
        "releases/*",
        "rules/*",
        "runs/collected/*",
        "settings/*",
    ),
)
JOBS_PAGE = Path(__file__).parents[3] / "docs" / "iam-jobs.md"

ENVIRONMENTS = "\n".join(
    f"""    {{
      name              = "{name}"
      deployer_role_arn = "arn:aws:iam::{account}:role/envctl-deployer"
      look_role_arn     = "arn:aws:iam::{account}:role/envctl-look"
      {f'approval_key_arn = "{APPROVAL_KEY}"' if name == "prod" else ""}
    }},"""
    for name, account in ACCOUNTS.items()
)
ROOT = f"""
module "ci_access" {{
  source = "./modules/ci_access"

  project     = "shop"
  environment = "tools-account"
  store_url   = "s3://shop-envctl-store/shop"

  environments = [
{ENVIRONMENTS}
  ]

  github_repository    = "acme/shop"
  github_owner_id      = "123456"
  github_repository_id = "456789"
  gitlab_project       = "acme/shop"
}}

output "ci" {{
  value = module.ci_access
}}
"""
GITLAB_ALONE = "\n".join(
    line.replace('store_url   = "s3://shop-envctl-store/shop"', 'store_url   = "s3://shop-envctl-store"')
    for line in ROOT.splitlines()
    if "github" not in line
).replace("  gitlab_project", '  copies_images = true\n  pull_request_environments = ["staging"]\n  gitlab_project')


def look(account: Account, found: Found) -> None:
    iam = account.client("iam")
    made = found["ci"]
    roles = {"plan": made["plan_role_arn"], "drift": made["drift_role_arn"], **made["deploy_role_arns"]}
    roles |= {f"{name}-approval": arn for name, arn in made["approval_role_arns"].items()}
    assert roles == {job: f"{IAM}:role/envctl-ci-{job}" for job in JOBS}
    providers = [Provider(made["github_provider_arn"], GITHUB), Provider(made["gitlab_provider_arn"], GITLAB)]
    for provider in providers:
        described = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider.arn)
        assert (f"https://{described['Url']}", described["ClientIDList"]) == (provider.url, ["sts.amazonaws.com"])
    _takes_honest_jobs_alone(iam, {f"GitHub: {what}": job for what, job in GITHUB_JOBS.items()}, providers)
    _takes_honest_jobs_alone(iam, {f"GitLab: {what}": job for what, job in GITLAB_JOBS.items()}, providers)
    _takes_generated_jobs_alone(iam, providers)
    _fits_quota(iam)
    _takes_no_other_roles(iam)
    _adds_to_the_store(iam, "/shop")
    _is_as_documented(iam)


def _is_as_documented(iam: Any) -> None:
    """docs/iam-jobs.md shows the policies of four jobs, and who is trusted in prod."""
    blocks = re.findall(r"^```json\n(.*?)^```$", JOBS_PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    plan, drift, dev, approval, github, gitlab = (
        set(map(_without_sid, statements(block).values())) for block in blocks
    )
    for job, documented in {"plan": plan, "drift": drift, "dev": dev, APPROVAL: approval}.items():
        assert set(map(_without_sid, _rights(iam, job))) == documented, job
    trust = json.dumps(iam.get_role(RoleName="envctl-ci-prod")["Role"]["AssumeRolePolicyDocument"])
    assert set(map(_without_sid, statements(trust.replace(ACCOUNT, "444444444444")).values())) == github | gitlab


def _without_sid(statement: Statement) -> str:
    """As text that can be compared; a statement has no Sid here."""
    return json.dumps(asdict(statement), sort_keys=True, default=sorted)


def look_again(account: Account, found: Found) -> None:
    """On GitLab alone: no job of GitHub may take any role, and more is looked into by choice."""
    iam = account.client("iam")
    assert found["ci"]["github_provider_arn"] is None
    providers = [Provider(found["ci"]["gitlab_provider_arn"], GITLAB)]
    _takes_honest_jobs_alone(iam, GITLAB_JOBS, providers)
    _takes_honest_jobs_alone(iam, {what: (token, "") for what, (token, _) in GITHUB_JOBS.items()}, providers)
    _adds_to_the_store(iam, "")
    assert _taken(iam, "plan") == {_look("dev"), _look("staging")}
    assert _taken(iam, "prod") == {_look("staging"), _look("prod"), _deployer("prod")}


def gone(account: Account) -> None:
    iam = account.client("iam")
    assert iam.list_roles()["Roles"] == []
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def _takes_honest_jobs_alone(iam: Any, jobs: Mapping[str, tuple[Token, str]], providers: list[Provider]) -> None:
    policies = {job: iam.get_role(RoleName=f"envctl-ci-{job}")["Role"]["AssumeRolePolicyDocument"] for job in JOBS}
    for what, (token, expected) in jobs.items():
        allowed = [job for job in JOBS if decide_token(policies[job], token, providers) is Decision.ALLOWED]
        assert allowed == expected.split(), what


def _takes_generated_jobs_alone(iam: Any, providers: list[Provider]) -> None:
    """Each job of the written workflows gets the role that it names, and no other; in a merge queue none."""
    jobs = {f"{job.name} ({job.event})": job for job in list_generated_jobs()}
    jobs |= {f"{job.name} ({job.event}), with a key for people": job for job in list_generated_jobs(people=("prod",))}
    expected = {what: (job.token, "" if job.event == "merge_group" else job.role) for what, job in jobs.items()}
    assert {job.role for job in jobs.values()} == {*JOBS, ""}
    _takes_honest_jobs_alone(iam, {what: expected[what] for what, job in jobs.items() if job.asks_token}, providers)


def _fits_quota(iam: Any) -> None:
    """AWS allows 2,048 characters of a trust policy without its spaces, unless the account asks for more."""
    for job in JOBS:
        document = iam.get_role(RoleName=f"envctl-ci-{job}")["Role"]["AssumeRolePolicyDocument"]
        assert len(json.dumps(document, separators=(",", ":"))) <= 2048, job


def _takes_no_other_roles(iam: Any) -> None:
    assert _taken(iam, "plan") == {_look("dev")}
    assert _taken(iam, "drift") == {_look(name) for name in ACCOUNTS}
    for name in ACCOUNTS:
        assert _taken(iam, name) == {_look(name), _deployer(name)}, name
        # A role of a job is never the role that it takes.
        assert f"{IAM}:role/envctl-ci-{name}" not in _taken(iam, name)


def _adds_to_the_store(iam: Any, prefix: str) -> None:
    added = {
        job: {path.removeprefix(f"{STORE}{prefix}/") for path in _resources(iam, job, "s3:PutObject")} for job in JOBS
    }
    entries = {"checkpoints/*", "ledger/*", "places/*", "plans/*", "readings/*", "runs/*"}
    approvals = {"checkpoints/*", "ledger/*", "places/*", "rules/*"}
    assert added == {"plan": set(), "drift": entries, APPROVAL: approvals, **{name: {"*"} for name in ACCOUNTS}}
    for job in JOBS:
        actions = {action for each in _rights(iam, job) for action in each.actions}
        pages = set() if job in ("plan", APPROVAL) else {"s3:PutObject", "s3:PutObjectRetention"}
        takes = {"sts:AssumeRole", "sts:TagSession"}
        # One job alone signs, and takes no role to deploy or to look.
        own = {"s3:PutObject", "kms:Sign"} if job == APPROVAL else takes
        assert (
            actions == {"s3:ListBucket", "s3:ListBucketVersions", "s3:GetObject", "s3:GetObjectVersion"} | pages | own
        )
        assert _resources(iam, job, "s3:PutObjectRetention") == ({f"{STORE}{prefix}/readings/*"} if pages else set())
        read = _resources(iam, job, "s3:GetObject")
        assert read == (
            {f"{STORE}{prefix}/{path}" for path in PLANNED_WITH} if job == "plan" else {f"{STORE}{prefix}/*"}
        )
        denied = {path for each in _rights(iam, job) if each.effect == "Deny" for path in each.resources}
        assert denied == ({f"{STORE}{prefix}/readings/*"} if job == "drift" else set())


def _taken(iam: Any, job: str) -> set[str]:
    return _resources(iam, job, "sts:AssumeRole")


def _resources(iam: Any, job: str, action: str) -> set[str]:
    allowed = [each for each in _rights(iam, job) if each.effect == "Allow" and action in each.actions]
    return {resource for each in allowed for resource in each.resources}


def _rights(iam: Any, job: str) -> list[Statement]:
    document = iam.get_role_policy(RoleName=f"envctl-ci-{job}", PolicyName="run")["PolicyDocument"]
    return list(statements(document).values())


def _look(environment: str) -> str:
    return f"arn:aws:iam::{ACCOUNTS[environment]}:role/envctl-look"


def _deployer(environment: str) -> str:
    return f"arn:aws:iam::{ACCOUNTS[environment]}:role/envctl-deployer"


CASE = Case("ci_access", ACCOUNT, ROOT, look, gone, steps=((GITLAB_ALONE, look_again),))
