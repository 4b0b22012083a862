"""How one gets into an environment, and who may: the keys of the project file that say it, good and bad."""

from datetime import timedelta

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.rules.document import find_rules
from tests.adapters.toml.project_files import GOOD, line_of, problems_of

ACCESS = GOOD.replace(
    "[environments.prod.gates]\n",
    """\
[environments.prod]
account_id = "333333333333"
region = "ap-northeast-1"
profile = "company prod"
assume_role = "arn:aws:iam::333333333333:role/envctl-deployer"
external_id = "shop:42"
session_duration = "2h"
session_tags = { team = "web", "cost center" = "12/b" }
signing_key = "alias/envctl-prod"
signed_from = 120

[environments.prod.allow]
apply = ["arn:aws:iam::333333333333:role/OperatorRole", "github-team:acme/*", "github:renovate[bot]", "gitlab:octo.cat"]
approve = { peer = ["arn:aws:iam::*:role/QARole"] }
only_ci = true

[environments.prod.gates]
""",
).replace(
    "[pipeline]\n",
    """\
[store]
url = "s3://shop-envctl-store"
region = "eu-west-1"
account_id = "444444444444"
profile = "tools"

[ci]
gitlab = "https://git.example.com:8443/gitlab"
package = "git+https://git.example.com/tools/envctl@0123456789abcdef0123456789abcdef01234567"

[secrets]
secretsmanager = ["db_password", "*_secret_name"]
ssm = ["*_parameter"]

[pipeline]
""",
)
WITH_REPOSITORY = ACCESS.replace(
    'kind = "oci" }', 'kind = "oci", repository = "{account_id}.dkr.ecr.{region}.amazonaws.com/shop", copy = true }'
)


def test_all_of_it_is_read() -> None:
    project = load_project(WITH_REPOSITORY.encode())
    prod, store = project.environments["prod"], project.store
    assert (store.region, store.account_id, store.profile) == ("eu-west-1", "444444444444", "tools")
    assert (prod.profile, prod.external_id, prod.session_duration) == ("company prod", "shop:42", timedelta(hours=2))
    assert dict(prod.session_tags) == {"team": "web", "cost center": "12/b"}
    assert (prod.signing_key, prod.signed_from) == ("alias/envctl-prod", 120)
    rules = find_rules(project, "prod")
    assert rules.apply == (
        "arn:aws:iam::333333333333:role/OperatorRole",
        "github-team:acme/*",
        "github:renovate[bot]",
        "gitlab:octo.cat",
    )
    assert (dict(rules.approve), rules.only_ci) == ({"peer": ("arn:aws:iam::*:role/QARole",)}, True)
    assert project.ci.gitlab == "https://git.example.com:8443/gitlab"
    assert project.secrets.ssm == ("*_parameter",)
    image = project.artifacts["app_image"]
    assert (image.repository, image.copies) == ("{account_id}.dkr.ecr.{region}.amazonaws.com/shop", True)


def test_what_is_not_said_is_nothing() -> None:
    project = load_project(GOOD.encode())
    dev = project.environments["dev"]
    assert (dev.profile, dev.external_id, dict(dev.session_tags), dev.signing_key) == (None, None, {}, None)
    assert dev.session_duration == timedelta(hours=1)
    assert project.ci.gitlab == "https://gitlab.com"
    assert (find_rules(project, "dev").apply, find_rules(project, "dev").only_ci) == ((), False)


BAD: dict[str, tuple[str, str, str]] = {
    "a session that AWS does not give": ('"2h"', '"5m"', "session_duration must be from 15m to 12h"),
    "a session for a day": ('"2h"', '"24h"', "session_duration must be from 15m to 12h"),
    "an external id with a space": ('"shop:42"', '"shop 42"', "external_id must be an external id"),
    "a tag with a letter that AWS does not take": ('"12/b"', '"12#b"', "must be a tag of up to 128"),
    "a profile with a newline": ('"company prod"', '"a\\nb"', "profile must be the name of an AWS profile"),
    "a key that is no KMS key": ('"alias/envctl-prod"', '"envctl-prod"', "signing_key must be a KMS key"),
    "an entry before the first": ("signed_from = 120", "signed_from = 0", "signed_from must be 1 or more"),
    "a person by their address": ('"github:renovate[bot]"', '"ann@example.com"', "allow.apply.2 must be an ARN"),
    "a team without an organisation": ('"github-team:acme/*"', '"github-team:web"', "allow.apply.1 must be an ARN"),
    "a user of GitLab with a space": ('"gitlab:octo.cat"', '"gitlab:octo cat"', 'or "gitlab:NAME"'),
    "a GitLab without encryption": (
        '"https://git.example.com:8443',
        '"http://git.example.com',
        "ci.gitlab must be the",
    ),
    "a GitLab with a slash at its end": ('8443/gitlab"', '8443/gitlab/"', "ci.gitlab must be the address of a GitLab"),
    "a package at a branch": ("@0123456789abcdef0123456789abcdef01234567", "@main", "ci.package must be envctl at a"),
    "a GitLab with a question": ('8443/gitlab"', '8443/gitlab?a=b"', "ci.gitlab must be the address of a GitLab"),
    "ci as text": ("only_ci = true", 'only_ci = "yes"', "allow.only_ci must be true or false"),
    "a gate that there is none of": ("approve = { peer", "approve = { pier", "prod lists approvers of pier"),
    "a region of the store that is none": ('"eu-west-1"', '"europe"', "store.region must be an AWS region"),
    "an account of the store that is none": ('"444444444444"', '"44"', "store.account_id must be an AWS account id"),
    "a pattern of variables with a dot": ('"*_secret_name"', '"*.name"', "secrets.secretsmanager.1 must be the name"),
    "secrets of a kind that there is none of": ("ssm =", "vault =", "secrets.vault is not a known key"),
    "a repository with a placeholder that there is none of": (
        "{account_id}.dkr",
        "{account}.dkr",
        "artifacts.app_image.repository may contain {project}, {environment}, {account_id}, {region}",
    ),
    "a copy as text": ("copy = true", 'copy = "yes"', "artifacts.app_image.copy must be true or false"),
    "a key of allow that there is none of": ("only_ci", "onlyci", "did you mean only_ci?"),
}


@pytest.mark.parametrize(("good", "bad", "said"), BAD.values(), ids=BAD)
def test_bad_ones_are_told_with_their_line(good: str, bad: str, said: str) -> None:
    text = WITH_REPOSITORY.replace(good, bad)
    assert text != WITH_REPOSITORY
    (problem,) = problems_of(text)
    assert said in f"{problem.message} {problem.hint}"
    line = line_of(text, bad if "\\n" not in bad else 'profile = "a')
    assert str(problem.location) == line
