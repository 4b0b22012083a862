"""The rights of docs/iam.md: they suffice for what they are for, and without any of their actions a command fails."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNTS, CommandResult, Project
from tests.e2e.organisation import (
    MODULE,
    MOTO_ACTION_NAMES,
    PROJECT,
    STORE,
    TOOLS,
    Organisation,
    get_into_every_environment,
    load_policies,
    move_to_account,
    open_organisation,
)

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
NEEDS = """
variable "db_secret_name" { type = string }
variable "key_parameter" { type = string }
variable "image" { type = string }
"""
SETTINGS = 'db_secret_name = "shop/db"\nkey_parameter = "/shop/key"\n'
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{'0' * 64}", "size": 2},
        "layers": [],
    }
)
DIGEST = f"sha256:{sha256(MANIFEST.encode()).hexdigest()}"
MORE = """
[secrets]
secretsmanager = ["*_secret_name"]
ssm = ["*_parameter"]

[artifacts]
app = { variable = "image", kind = "oci", repository = "{account_id}.dkr.ecr.{region}.amazonaws.com/shop" }
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Organisation]:
    with open_organisation(tmp_path_factory.mktemp("organisation"), unpacked_provider) as found:
        for account in (TOOLS, *ACCOUNTS.values()):
            found.open_admin_client(account)
        for account in ACCOUNTS.values():
            found.open_client(account, "secretsmanager").create_secret(Name="shop/db", SecretString="planted")
            ecr = found.open_client(account, "ecr")
            ecr.create_repository(repositoryName="shop")
            ecr.put_image(repositoryName="shop", imageManifest=MANIFEST, imageDigest=DIGEST, imageTag="1")
            found.open_client(account, "ssm").put_parameter(Name="/shop/key", Value="planted", Type="SecureString")
            # What is tried here must not be given for the sake of a module.
            topics = {"Effect": "Allow", "Action": ["sns:*", "ec2:DescribeAccountAttributes"], "Resource": "*"}
            found.open_admin_client(account).put_role_policy(
                RoleName="envctl-deployer",
                PolicyName="rights-2",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [topics]}),
            )
        found.create_user("setup", [load_policies()["MakeTheBucket"]], ACCOUNTS["dev"])
        found.create_user("looker", [load_policies("iam-jobs")["ListTheStoreForPlans"], get_into_every_environment()])
        found.enforce_iam()
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, organisation: Organisation) -> Project:
    """Signed, with secrets, and a release that staging has proven: made with the rights as they stand."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home", organisation.build_environment("ci"))
    organisation.write_signed_project(project, MORE)
    for name in ACCOUNTS:
        image = f'image = "example.com/shop@{DIGEST}"\n' if name == "dev" else ""
        project.write(f"environments/{name}/terraform.tfvars", SETTINGS + image)
    parameter = MODULE[MODULE.index('resource "aws_ssm_parameter"') : MODULE.index('resource "aws_sns_topic"')]
    project.write("modules/parameters/main.tf", MODULE.replace(parameter, "") + NEEDS)
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    return project


@pytest.fixture(scope="module")
def works(shop: Project) -> Callable[[tuple[str, ...]], bool]:
    """Whether a command passes with the permissions as they stand, tried once."""
    return cache(lambda words: shop.run(*words, "--json").code == 0)


@contextmanager
def instead(organisation: Organisation, holder: tuple[str, str, str], number: int, policy: Any) -> Iterator[None]:
    """Somebody has another policy for a while. `holder` is the account, what it is, and its name."""
    account, kind, name = holder
    iam = organisation.open_admin_client(account)
    put, get = (getattr(iam, f"{verb}_{kind}_policy") for verb in ("put", "get"))
    where = {f"{kind.capitalize()}Name": name, "PolicyName": f"rights-{number}"}
    before = get(**where)["PolicyDocument"]
    put(**where, PolicyDocument=json.dumps(policy))
    try:
        yield
    finally:
        put(**where, PolicyDocument=json.dumps(before))


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """Moto takes no statement without an action."""
    gone = {action, MOTO_ACTION_NAMES.get(action)}
    kept = [{**each, "Action": [a for a in each["Action"] if a not in gone]} for each in policy["Statement"]]
    return {**policy, "Statement": [each if each["Action"] else {**each, "Action": ["s3:None"]} for each in kept]}


DOCUMENTED = {**load_policies(), "GetIntoEveryEnvironment": get_into_every_environment()}
LOCK = "dev/parameters.tfstate.tflock"
"""Left by a Terraform that may not give it up."""
CI, DEPLOYER = (TOOLS, "user", "ci"), (ACCOUNTS["dev"], "role", "envctl-deployer")
APPLY, PLAN, VERIFY, CHECK = ("apply", "dev", "--yes"), ("plan", "dev"), ("verify", "dev"), ("secrets", "check", "dev")
LIST, STATES, LOOK = "ListTheStore", "ListTheStates", "LookForSecrets"
# The policy, whose it is, which of theirs it is, the action, a command that needs it, and how that ends without it.
NEEDED: dict[str, tuple[str, tuple[str, str, str], int, str, tuple[str, ...], str]] = {
    "to list the store": (LIST, CI, 0, "s3:ListBucket", ("status",), "E452"),
    "to read the store": (LIST, CI, 0, "s3:GetObject", ("status",), "E452"),
    "to add to the store": (LIST, CI, 0, "s3:PutObject", VERIFY, "E452"),
    "to get into an environment": ("GetIntoEveryEnvironment", CI, 1, "sts:AssumeRole", CHECK, "E413"),
    "to list the states": (STATES, DEPLOYER, 0, "s3:ListBucket", APPLY, "E424"),
    "to read a state": (STATES, DEPLOYER, 0, "s3:GetObject", PLAN, "E326"),
    "to take a lock": (STATES, DEPLOYER, 0, "s3:PutObject", APPLY, "E326"),
    "to give a lock up": (STATES, DEPLOYER, 0, "s3:DeleteObject", APPLY, "E326"),
    "to look for images": (LOOK, DEPLOYER, 1, "ecr:BatchGetImage", APPLY, "G201"),
    "to look for secrets": (LOOK, DEPLOYER, 1, "secretsmanager:DescribeSecret", CHECK, "E441"),
    "to look for parameters": (LOOK, DEPLOYER, 1, "ssm:DescribeParameters", CHECK, "E441"),
    "to sign what a deployment records": (LOOK, DEPLOYER, 1, "kms:Sign", VERIFY, "E468"),
}


def failed(ran: CommandResult, code: str) -> bool:
    return ran.code != 0 and code in ran.codes


# By day, test_job_roles.py and test_look_role.py work with the documented permissions.
@pytest.mark.night
@pytest.mark.parametrize("name", NEEDED)
def test_permission_is_needed(
    organisation: Organisation, shop: Project, works: Callable[[tuple[str, ...]], bool], name: str
) -> None:
    sid, holder, number, action, words, code = NEEDED[name]
    policy = DOCUMENTED[sid]
    if holder[1] == "role":
        policy = move_to_account(policy, "dev")
    assert any(action in each["Action"] for each in policy["Statement"]), "the document has no such action"
    assert works(words), "it fails with all permissions"
    with instead(organisation, holder, number, without(policy, action)):
        ran = shop.run(*words, "--json")
    organisation.open_admin_client(ACCOUNTS["dev"], "s3").delete_object(
        Bucket=f"shop-tfstate-{ACCOUNTS['dev']}", Key=LOCK
    )
    assert failed(ran, code), (ran.code, ran.codes, ran.out)
    if code == "E468":
        # A sentence of AWS, with the role and the action, and no XML.
        (message,) = [each["message"] for each in ran.document["problems"] if each["code"] == code]
        assert "assumed-role/envctl-deployer/" in message
        assert message.endswith("is not authorized to perform: kms:Sign")
        assert "<" not in message


def test_documented_permissions_are_the_tested_ones() -> None:
    """All actions that the documents give to people and jobs, but for those that others try."""
    given = {
        action
        for sid in ("ListTheStore", "GetIntoEveryEnvironment", "ListTheStates", "LookForSecrets")
        for statement in DOCUMENTED[sid]["Statement"]
        for action in statement["Action"]
    }
    tried = {action for _, _, _, action, _, _ in NEEDED.values()}
    # moto asks for no permission to pass tags, or to lock an object; a page is stored without its own lock too.
    # Versions are read beside a foreign object alone: the next test.
    versions = {"s3:ListBucketVersions", "s3:GetObjectVersion"}
    assert given - tried == {"s3:HeadBucket", "sts:TagSession", "s3:PutObjectRetention", *versions}


@pytest.mark.night
def test_foreign_object_stops_nobody_who_reads_versions(organisation: Organisation, shop: Project) -> None:
    """Last of all here: the object stays."""
    s3 = organisation.open_admin_client(TOOLS, "s3")
    last = s3.list_objects_v2(Bucket=STORE, Prefix="shop/ledger/")["Contents"][-1]["Key"]
    number = int(last.rpartition("/")[2][:10]) + 1
    s3.put_object(Bucket=STORE, Key=f"shop/ledger/{number:010d}.json", Body=b"junk")
    with instead(organisation, CI, 0, without(DOCUMENTED[LIST], "s3:ListBucketVersions")):
        assert failed(shop.run("status", "--json"), "E055")
    (foreign,) = shop.run_checked("status", "--json").document["result"]["foreign"]
    assert foreign["key"] == f"ledger/{number:010d}.json"


@pytest.mark.night
def test_read_only_drift_jobs_record_nothing(organisation: Organisation, shop: Project) -> None:
    looker = Project(shop.root, shop.home, organisation.build_environment("looker"))
    plans = load_policies("iam-jobs")["ListTheStoreForPlans"]
    # A job that plans can't even begin such a run: `collect` would record its results.
    assert failed(looker.run("matrix", "drift", "dev", "--json"), "E452")
    runs = json.loads(json.dumps(plans).replace("runs/collected/*", "runs/*"))
    added = "arn:aws:s3:::shop-envctl-store/shop/runs/*Z-drift-*"
    runs["Statement"].append({"Sid": "AddRuns", "Effect": "Allow", "Action": "s3:PutObject", "Resource": added})
    with instead(organisation, (TOOLS, "user", "looker"), 0, runs):
        jobs = json.loads(looker.run_checked("matrix", "drift", "dev").out)["include"]
        for job in jobs:
            looker.run_checked("drift", "--run", job["run"], "--shard", str(job["shard"]))
        denied = looker.run("collect", jobs[0]["run"], "--json")
    assert failed(denied, "E452")
    assert denied.document["result"]["environments"][0]["condition"] == "clean"
    shop.run_checked("collect", jobs[0]["run"])
    # The others are those of who only looks, which are tried above.
    rights = without(plans, "s3:PutObject")
    with instead(organisation, (TOOLS, "user", "looker"), 0, rights):
        assert failed(looker.run("matrix", "drift", "dev", "--json"), "E452")


@pytest.mark.night
def test_setup_user_can_create_bucket_and_key(shop: Project, organisation: Organisation) -> None:
    setup = Project(shop.root, shop.home, organisation.build_environment("setup"))
    bare = PROJECT.replace('assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"\n', "")
    bare = bare.replace("[environments.dev]\n", '[environments.dev]\nsigning_key = "alias/envctl-new"\n')
    there = Project(shop.root.parent / "bare", shop.home, setup.extra)
    there.write("envctl.toml", bare.replace('backend = "s3"', 'backend = "s3"\nbucket = "shop-new-{account_id}"'))
    there.write("modules/parameters/main.tf", MODULE)
    denied = there.run("bootstrap", "dev", "--as-me", "--yes", "--json")
    assert (denied.code, denied.codes) == (1, ["E424"])
    with instead(organisation, (ACCOUNTS["dev"], "user", "setup"), 0, new_bucket()):
        assert there.run("bootstrap", "dev", "--as-me", "--check", "--json").code == 2
        there.run_checked("bootstrap", "dev", "--as-me", "--yes")
        there.run_checked("bootstrap", "dev", "--as-me", "--check")
        there.run_checked("ledger", "keys", "dev", "--create", "--as-me")
        there.run_checked("ledger", "keys", "dev", "--check", "--as-me")
    assert (there.root / "environments/dev/signing_key.pem").is_file()


def new_bucket() -> Any:
    """The documents speak of the bucket that is there."""
    return json.loads(json.dumps(load_policies()["MakeTheBucket"]).replace("shop-tfstate-", "shop-new-"))
