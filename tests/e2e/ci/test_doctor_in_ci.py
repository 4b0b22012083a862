"""`envctl doctor --ci` in jobs, against AWS with enforced IAM: each role is really tried, and nothing is changed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.adapters.forge.setting_servers import GITHUB_ROUTES, build_environment, github_with_settings
from tests.e2e.conftest import ACCOUNTS, Project
from tests.e2e.organisation import MODULE, Organisation, load_policies, move_to_account, open_organisation
from tests.e2e.rules.test_look_role import WITH_LOOK_ROLES, take_roles

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
ALL_WRITES: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject", "ec2:DeleteKeyPair"], "Resource": "*"}],
}
TAKE_ITSELF: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": [
                f"arn:aws:iam::{ACCOUNTS['staging']}:role/{name}" for name in ("envctl-look", "envctl-deployer")
            ],
        }
    ],
}
TAKE_DEPLOYERS: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": [f"arn:aws:iam::{account}:role/envctl-deployer" for account in ACCOUNTS.values()],
        }
    ],
}
TRUST_ALL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
PULL = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_ACTOR": "octocat",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Organisation]:
    """The look role of staging may write, and take itself and the deployer."""
    states = load_policies("look-role")["ListTheStatesToRead"]
    with open_organisation(tmp_path_factory.mktemp("company"), unpacked_provider) as found:
        for environment, account in ACCOUNTS.items():
            found.open_admin_client(account)
            more = [ALL_WRITES, TAKE_ITSELF] if environment == "staging" else []
            found.create_role(account, "envctl-look", [move_to_account(states, environment), *more])
        for name in ("envctl-look", "envctl-deployer"):
            iam = found.open_admin_client(ACCOUNTS["staging"], "iam")
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(TRUST_ALL))
        store = load_policies()["ListTheStore"]
        found.create_user("plan", [store, take_roles("dev")])
        found.create_user("weak", [store, TAKE_DEPLOYERS, take_roles("staging")])
        found.enforce_iam()
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home")
    project.write("envctl.toml", WITH_LOOK_ROLES)
    project.write("modules/parameters/main.tf", MODULE)
    return project


def run_job(shop: Project, company: Organisation, person: str, token: Path, **claims: str) -> dict[Any, Any]:
    """Return the verdicts and texts of `doctor --ci`, by section and name."""
    company.write_token(token, "octocat", sub="repo:acme@1/shop@2:pull_request", aud="sts.amazonaws.com", **claims)
    variables = {**company.build_environment(person), **PULL, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}
    ran = replace(shop, extra=variables).run("doctor", "--ci", "--json")
    assert token.read_text() not in ran.out + ran.err
    found: dict[Any, Any] = {"code": ran.code, "problems": ran.codes}
    for section in ran.document["result"]["sections"]:
        for each in section["findings"]:
            found.setdefault((section["name"], each["name"]), []).append((each["verdict"], each["seen"]))
    return found


def list_objects(company: Organisation) -> list[str]:
    found = []
    for account in ACCOUNTS.values():
        s3 = company.open_admin_client(account, "s3")
        listed = s3.list_object_versions(Bucket=f"shop-tfstate-{account}")
        found += [each["Key"] for each in listed.get("Versions", []) + listed.get("DeleteMarkers", [])]
    return found


def test_safe_plan_job_is_ready(shop: Project, company: Organisation, tmp_path: Path) -> None:
    found = run_job(shop, company, "plan", tmp_path / "token", repository_id="2")
    assert (found["code"], found["problems"]) == (0, [])
    assert found["job", "sub"] == [("good", _Starting("repo:acme@1/shop@2:pull_request (with ids"))]
    for name in ACCOUNTS:
        assert found[name, "assume_role"] == [("good", _Ending("can't be taken, as it should be"))]
    assert found["dev", "look_role"] == [("good", _Ending("can be taken, as it should be"))]
    assert found["prod", "look_role"] == [("good", _Ending("can't be taken, as it should be"))]
    assert [verdict for verdict, _ in found["dev", "writes"]] == ["good", "good", "good"]
    assert found["dev", "itself"] == [("good", "the role can't take itself")]


def test_dangerous_roles_are_found_and_change_nothing(shop: Project, company: Organisation, tmp_path: Path) -> None:
    before, asked = list_objects(company), len(company.proxy.asked)
    found = run_job(shop, company, "weak", tmp_path / "token")
    assert (found["code"], set(found["problems"])) == (1, {"E486"})
    for name in ACCOUNTS:
        assert found[name, "assume_role"][0][0] == "bad"
    assert found["staging", "look_role"][0][0] == "bad"
    assert found["staging", "itself"][0][0] == "bad"
    assert found["staging", "writes"] == [
        ("bad", _Starting("look_role of staging may write states")),
        ("bad", _Starting("look_role of staging may delete key pairs of EC2")),
        ("bad", _Starting("look_role of staging may take the deployer's role")),
    ]
    tried = company.proxy.asked[asked:]
    assert list_objects(company) == before
    for request, _ in tried:
        check_harmless(request.method, request.host, request.body.decode(errors="replace"), dict(request.headers))


def check_harmless(method: str, host: str, body: str, headers: dict[str, str]) -> None:
    """Each request reads, is conditional on what can't be, is a dry run, or takes a role without permissions."""
    named = {name.lower(): value for name, value in headers.items()}
    if host.startswith("ec2."):
        assert parse_qs(body)["DryRun"] == ["true"]
        assert parse_qs(body)["KeyName"] == ["envctl-doctor-has-no-key-pair"]
    elif method == "PUT":
        assert named["if-match"] == '"envctl-doctor-matches-no-object"'
        assert named["content-md5"] == "AAAAAAAAAAAAAAAAAAAAAA=="
    elif host.startswith("sts.") and "RoleArn" in (asked := parse_qs(body)):
        # The look role alone is taken with its permissions: what it may do is tried.
        policy = json.loads(asked["Policy"][0])["Statement"][0] if "Policy" in asked else {}
        assert policy.get("Effect") == "Deny" or asked["RoleArn"][0].endswith("envctl-look")
        assert asked["DurationSeconds"] == ["900"]
    else:
        assert method in {"GET", "HEAD"} or "Action=GetCallerIdentity" in body, (method, host, body)


def test_first_run_without_a_role_is_not_set_up(shop: Project) -> None:
    ran = replace(shop, extra={**PULL, "AWS_EC2_METADATA_DISABLED": "true"}).run("doctor", "--ci", "--json")
    assert (ran.code, ran.codes) == (78, ["E485"])


def test_settings_of_a_repository_are_judged(shop: Project) -> None:
    with github_with_settings() as server:
        for name in ("dev", "staging"):
            server.routes[f"environments/{name}"] = build_environment(deployment_branch_policy=None)
            server.routes[f"environments/{name}/variables"] = GITHUB_ROUTES["environments/prod/variables"]
        variables = {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": server.url, "GH_TOKEN": "ghp_planted"}
        ran = replace(shop, extra=variables).run("doctor", "--ci")
    assert ran.code == 1, ran.out
    assert "every branch may deploy: a job of a feature branch gets the role of this environment" in " ".join(
        ran.out.split()
    )
    assert "ghp_planted" not in ran.out + ran.err
    assert server.tokens == {"ghp_planted"}
    assert server.written == []


class _Starting(str):
    """Equal to each text that begins with it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(str(self))

    __hash__ = str.__hash__


class _Ending(_Starting):
    """Equal to each text that ends with it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.endswith(str(self))

    __hash__ = str.__hash__
