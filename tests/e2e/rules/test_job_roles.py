"""Jobs with the roles of docs/iam-jobs.md, behind enforced trust policies: what each may do, and what none may."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import ACCOUNTS, CommandResult, Project
from tests.e2e.organisation import (
    MODULE,
    PROJECT,
    STORE,
    TOOLS,
    Organisation,
    load_policies,
    move_to_account,
    open_organisation,
)
from tests.e2e.rules.test_permissions import instead, without
from tests.iam.conditions import holds
from tests.iam.tokens import GITHUB, GITHUB_JOBS, MAIN, PULL, Provider, Token, github_token

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
HOST = "token.actions.githubusercontent.com"
PROVIDER = Provider(f"arn:aws:iam::{TOOLS}:oidc-provider/{HOST}", GITHUB)
JOBS = ("plan", "drift", *ACCOUNTS)
TOKENS: dict[str, Token] = {
    "plan": github_token("pull_request", PULL),
    "drift": github_token(f"ref:{MAIN}", MAIN),
    **{name: github_token(f"environment:{name}", MAIN) for name in ACCOUNTS},
}
PLAN_WORKFLOW = "acme/shop/.github/workflows/envctl-plan.yml@refs/pull/*/merge"
DRIFT_WORKFLOW = f"acme/shop/.github/workflows/envctl-drift.yml@{MAIN}"
READ_RESOURCES: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ssm:Describe*",
                "ssm:Get*",
                "ssm:List*",
                "sns:Get*",
                "sns:List*",
                "ec2:DescribeAccountAttributes",
            ],
            "Resource": "*",
        }
    ],
}
WITH_LOOK_ROLES = PROJECT
for _account in ACCOUNTS.values():
    _deployer = f'assume_role = "arn:aws:iam::{_account}:role/envctl-deployer"\n'
    _look = f'look_role = "arn:aws:iam::{_account}:role/envctl-look"\n'
    WITH_LOOK_ROLES = WITH_LOOK_ROLES.replace(_deployer, _deployer + _look)


def trust_job(job: str) -> dict[str, Any]:
    """The trust policy of docs/iam-jobs.md, which is about prod, for another job: as its table says."""
    (documented,) = load_policies("iam-jobs")["JobOfProdOnGitHub"]["Statement"]
    equals = dict(documented["Condition"]["StringEquals"])
    condition: dict[str, Any] = {"StringEquals": equals}
    where = {"plan": "pull_request", "drift": f"ref:{MAIN}"}.get(job, f"environment:{job}")
    equals[f"{HOST}:sub"] = [each.replace("environment:prod", where) for each in equals[f"{HOST}:sub"]]
    equals[f"{HOST}:environment"] = job
    if job in ("plan", "drift"):
        del equals[f"{HOST}:environment"]
    if job == "drift":
        equals[f"{HOST}:job_workflow_ref"] = [DRIFT_WORKFLOW, *equals[f"{HOST}:job_workflow_ref"]]
    if job == "plan":
        del equals[f"{HOST}:ref"], equals[f"{HOST}:job_workflow_ref"]
        condition["StringLike"] = {f"{HOST}:ref": "refs/pull/*/merge", f"{HOST}:job_workflow_ref": PLAN_WORKFLOW}
    return {"Version": "2012-10-17", "Statement": [{**documented, "Condition": condition}]}


def trust_roles(*jobs: str) -> dict[str, Any]:
    """The trust policy of docs/iam.md, which is about prod, for these jobs."""
    (documented,) = load_policies()["TheJobAlone"]["Statement"]
    roles = [documented["Principal"]["AWS"].replace("-prod", f"-{job}") for job in jobs]
    return {"Version": "2012-10-17", "Statement": [{**documented, "Principal": {"AWS": roles}}]}


def allow_job(job: str) -> dict[str, Any]:
    names = {
        "plan": "ListTheStoreForPlans",
        "drift": "ListTheStoreForDrift",
        "prod-approval": "ListTheStoreForApprovals",
    }
    policy = load_policies("iam-jobs")[names.get(job, "ListTheStoreForDeployments")]
    return move_to_account(policy, job) if job in ACCOUNTS else policy


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Organisation]:
    with open_organisation(tmp_path_factory.mktemp("company"), unpacked_provider) as found:
        for account in (TOOLS, *ACCOUNTS.values()):
            found.open_admin_client(account)
        for job in JOBS:
            found.create_role(TOOLS, f"envctl-ci-{job}", [allow_job(job)], trust_job(job))
        for environment, account in ACCOUNTS.items():
            states = move_to_account(load_policies("look-role")["ListTheStatesToRead"], environment)
            looks = [*(["plan"] if environment == "dev" else []), "drift", environment]
            found.create_role(account, "envctl-look", [states, READ_RESOURCES], trust_roles(*looks))
            found.open_admin_client(account).update_assume_role_policy(
                RoleName="envctl-deployer", PolicyDocument=json.dumps(trust_roles(environment))
            )
        found.enforce_iam()
        found.enforce_trust([PROVIDER])
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, company: Organisation) -> Project:
    """Deployed to dev and staging, each by its own job."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home")
    project.write("envctl.toml", WITH_LOOK_ROLES)
    project.write("modules/parameters/main.tf", MODULE)
    for name in ACCOUNTS:
        project.write(f"environments/{name}/terraform.tfvars", "")
    in_job(project, company, "dev").run_checked("apply", "dev", "--yes")
    in_job(project, company, "staging").run_checked("promote", "dev", "staging", "--yes")
    return project


def in_job(
    shop: Project, company: Organisation, job: str, token: Token | None = None, *, event: str = "push"
) -> Project:
    """Without the event of a pull request, envctl does not keep the job out of other states: AWS has to."""
    file = shop.home / f"token-{job}"
    extra = company.build_job_environment("octocat", file)
    company.write_token(file, "octocat", **(token or TOKENS[job]))
    role = {"AWS_ROLE_ARN": f"arn:aws:iam::{TOOLS}:role/envctl-ci-{job}", "GITHUB_EVENT_NAME": event}
    return Project(shop.root, shop.home, {**extra, **role})


MAY = {
    "a pull request previews": ("plan", ("preview",)),
    "a pull request plans dev": ("plan", ("plan", "dev")),
    "drift is checked everywhere": ("drift", ("drift",)),
    "prod is planned for reviewers": ("drift", ("why", "prod", "--plan")),
    "the job of staging plans": ("staging", ("plan", "staging")),
    "the job of prod promotes": ("prod", ("promote", "staging", "prod", "--yes")),
}


# The jobs of dev and staging deploy for all of these tests.
@pytest.mark.parametrize(("job", "words"), keep_by_day(MAY, "drift is checked everywhere"))
def test_job_may_do_its_own_work(shop: Project, company: Organisation, job: str, words: tuple[str, ...]) -> None:
    event = "pull_request" if words == ("preview",) else "push"
    before = len(company.proxy.asked)
    ran = in_job(shop, company, job, event=event).run(*words, "--json")
    assert ran.code == 0, ran.out
    # moto does not compare conditions: what was listed is compared here.
    listing, *_ = allow_job(job)["Statement"]
    targets = [request.target for request, _ in company.proxy.asked[before:] if request.target.startswith(f"/{STORE}?")]
    prefixes = [parse_qs(urlsplit(target).query).get("prefix", [""])[0] for target in targets]
    assert prefixes
    assert all(holds(listing["Condition"], {"s3:prefix": (each,)}) for each in prefixes), prefixes


@pytest.mark.night
def test_pull_request_plans_in_a_matrix_without_writing(shop: Project, company: Organisation, tmp_path: Path) -> None:
    job, results = in_job(shop, company, "plan"), ("--results", str(tmp_path / "results"))
    assert job.run("matrix", "plan", "dev", "--json").codes == ["E452"]
    began = json.loads(job.run_checked("matrix", "plan", "dev", *results).out)["include"]
    for each in began:
        job.run_checked("plan", "--run", each["run"], "--shard", str(each["shard"]), *results)
    collected = job.run_checked("collect", began[0]["run"], *results, "--json")
    assert [each["environment"] for each in collected.document["result"]["environments"]] == ["dev"]


MAY_NOT = {
    "a pull request deploys": ("plan", ("apply", "dev", "--yes")),
    "a pull request reads staging": ("plan", ("drift", "staging")),
    "drift deploys": ("drift", ("apply", "dev", "--yes")),
    "drift promotes": ("drift", ("promote", "staging", "prod", "--yes")),
    "drift is fixed by the job that looks": ("drift", ("drift", "dev", "--fix", "--yes")),
    "the job of dev promotes to prod": ("dev", ("promote", "staging", "prod", "--yes")),
    "the job of dev reads staging": ("dev", ("plan", "staging")),
    "the job of prod applies to dev": ("prod", ("apply", "dev", "--yes")),
}


# Each kind of job once: AWS decides by the role, and not by the command.
@pytest.mark.parametrize(
    ("job", "words"),
    keep_by_day(
        MAY_NOT,
        "a pull request deploys",
        "drift promotes",
        "the job of dev promotes to prod",
        "the job of prod applies to dev",
    ),
)
def test_job_may_not_do_work_of_others(shop: Project, company: Organisation, job: str, words: tuple[str, ...]) -> None:
    ran = in_job(shop, company, job).run(*words, "--json")
    assert ran.code != 0
    assert {"E413", "E452", "E474"} & set(ran.codes), (ran.codes, ran.out)


def take_with_token(company: Organisation, job: str, token: Token, file: Path) -> dict[str, str] | None:
    """By hand, as an attacker would: without envctl."""
    from botocore.exceptions import ClientError

    company.write_token(file, "mallory", **token)
    sts = company.open_watched_client({"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}, "sts")
    arn = f"arn:aws:iam::{TOOLS}:role/envctl-ci-{job}"
    try:
        given = sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="mallory", WebIdentityToken=file.read_text()
        )["Credentials"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return None
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def test_token_gets_the_role_of_its_own_job_alone(company: Organisation, tmp_path: Path) -> None:
    for what, (token, expected) in GITHUB_JOBS.items():
        taken = [job for job in JOBS if take_with_token(company, job, token, tmp_path / "token")]
        assert taken == [job for job in expected.split() if job in JOBS], what


def test_job_takes_the_roles_of_its_own_work_alone(company: Organisation, tmp_path: Path) -> None:
    from botocore.exceptions import ClientError

    expected = {
        "plan": {"dev look"},
        "drift": {f"{name} look" for name in ACCOUNTS},
        **{name: {f"{name} look", f"{name} deployer"} for name in ACCOUNTS},
    }
    for job, may in expected.items():
        keys = take_with_token(company, job, TOKENS[job], tmp_path / "token")
        assert keys is not None
        sts, taken = company.open_watched_client(keys, "sts"), set()
        own = [f"arn:aws:iam::{TOOLS}:role/envctl-ci-{other}" for other in JOBS]
        named = {
            f"{name} {role}": f"arn:aws:iam::{account}:role/envctl-{role}"
            for name, account in ACCOUNTS.items()
            for role in ("look", "deployer")
        }
        # No job becomes another job, nor itself.
        for what, arn in {**named, **dict(zip(own, own, strict=True))}.items():
            try:
                sts.assume_role(RoleArn=arn, RoleSessionName="mallory")
                taken.add(what)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "AccessDenied"
        assert taken == may, job


def test_refused_token_is_explained(shop: Project, company: Organisation) -> None:
    """A run on another branch with `environment: prod`: GitHub gives a token for that, and AWS refuses it."""
    token = github_token("environment:prod", "refs/heads/feature")
    ran = in_job(shop, company, "prod", token).run("promote", "staging", "prod", "--yes", "--json")
    assert (ran.code != 0, ran.codes) == (True, ["E415"])
    assert "environment:prod" in ran.out


# The job, the action, the statement that has it, a command that needs it, and how that ends without it. moto asks for
# no permission to pass tags; that the trusted side needs it, the evaluator knows.
NEEDED: dict[str, tuple[str, str, str, tuple[str, ...], str]] = {
    "to list the store": ("drift", "s3:ListBucket", "ListTheStoreForDrift", ("drift", "dev"), "E452"),
    "to read the store": ("drift", "s3:GetObject", "ReadTheStore", ("drift", "dev"), "E452"),
    "to record drift": ("drift", "s3:PutObject", "AddToTheStore", ("drift", "dev"), "E452"),
    "to look": ("drift", "sts:AssumeRole", "LookIntoEnvironments", ("drift", "dev"), "E326"),
    "to deploy": ("dev", "sts:AssumeRole", "DeployToTheEnvironment", ("apply", "dev", "--yes"), "E413"),
    "to deploy, looking": ("dev", "sts:AssumeRole", "LookIntoEnvironments", ("plan", "dev"), "E326"),
    "to add a release": ("dev", "s3:PutObject", "AddToTheStore", ("verify", "dev"), "E452"),
}


@pytest.fixture(scope="module")
def works(shop: Project, company: Organisation) -> Callable[[str, tuple[str, ...]], bool]:
    """Whether a command passes with the permissions as they stand, tried once."""
    return cache(lambda job, words: in_job(shop, company, job).run(*words, "--json").code == 0)


@pytest.mark.parametrize("name", keep_by_day(list(NEEDED), "to deploy"))
def test_statement_is_needed(
    shop: Project,
    company: Organisation,
    works: Callable[[str, tuple[str, ...]], bool],
    name: str,
) -> None:
    job, action, sid, words, code = NEEDED[name]
    policy = allow_job(job)
    (statement,) = (each for each in policy["Statement"] if each["Sid"] == sid)
    assert action in statement["Action"]
    less = without({**policy, "Statement": [statement]}, action)["Statement"]
    kept = [*(each for each in policy["Statement"] if each["Sid"] != sid), *less]
    assert works(job, words), "it fails with all permissions"
    with instead(company, (TOOLS, "role", f"envctl-ci-{job}"), 0, {**policy, "Statement": kept}):
        ran: CommandResult = in_job(shop, company, job).run(*words, "--json")
    assert ran.code != 0
    assert code in ran.codes, (ran.codes, ran.out)


def test_pull_request_writes_nothing_into_store(shop: Project, company: Organisation, tmp_path: Path) -> None:
    """Its code may try by hand: `collect` would record what it says about prod, and junk would be locked for years."""
    from botocore.exceptions import ClientError

    began = in_job(shop, company, "drift").run_checked("matrix", "drift", "--json")
    run = json.loads(began.out)["result"]["run"]
    keys = take_with_token(company, "plan", TOKENS["plan"], tmp_path / "token")
    assert keys is not None
    s3 = company.open_watched_client(keys, "s3")
    plan = run.replace("-drift-", "-plan-")
    for name in (
        *(f"runs/answers/{run}/0001.001.json", f"runs/answers/{run}/0001.999.json", f"runs/collected/{run}.json"),
        *(f"runs/begun/{run.replace('Z-drift-', 'Z-drift-a')}.json", f"runs/begun/{plan}.json"),
        *(f"runs/answers/{plan}/0001.001.json", "ledger/9999999999.json", "junk"),
    ):
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=STORE, Key=f"shop/{name}", Body=b"{}")
        assert refused.value.response["Error"]["Code"] == "AccessDenied", name


def test_pull_request_reads_no_stored_plan(shop: Project, company: Organisation, tmp_path: Path) -> None:
    from botocore.exceptions import ClientError

    in_job(shop, company, "drift").run_checked("why", "prod", "--plan")
    stored = company.open_admin_client(TOOLS, "s3").list_objects_v2(Bucket=STORE, Prefix="shop/plans/")["Contents"]
    keys = take_with_token(company, "plan", TOKENS["plan"], tmp_path / "token")
    assert keys is not None
    s3 = company.open_watched_client(keys, "s3")
    assert s3.get_object(Bucket=STORE, Key="shop/project.json")["Body"].read()
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=STORE, Key=stored[0]["Key"])
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
