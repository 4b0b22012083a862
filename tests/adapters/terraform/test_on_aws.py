"""The driver on the real AWS provider and on a state in S3, against the sandbox: what no built-in resource can show."""

import json
import os
import re
import shlex
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.cli.commands.deployment.recover import parse_import
from envctl.domain.errors import Location, OperationFailedError, StateLockedError
from envctl.domain.plan.changes import Action, AttributeChange, Marker, OutputChange
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import RUNNING_FILE
from envctl.usecases.deployment.recovery.stages import find_import_target
from envctl.usecases.ports.terraform import ProgressEvent
from tests.adapters.terraform.conftest import STACK, Bench

pytestmark = pytest.mark.terraform

REGION, ACCOUNT = "ap-northeast-1", "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/envctl-deployer"
STATE = "state"
Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[RunningSandbox]:
    directory = tmp_path_factory.mktemp("on_aws") / "sandbox"
    directory.mkdir()
    (directory / "mirror").symlink_to(unpacked_provider)
    sandbox = Sandbox(directory)
    yield sandbox.start(buckets=[Bucket(STATE, REGION, ACCOUNT)])
    sandbox.stop()


@pytest.fixture
def client(sandbox: RunningSandbox) -> Client:
    """boto3 in the account, past Terraform."""
    import boto3
    from botocore.config import Config

    where = {
        "region_name": REGION,
        "verify": str(sandbox.ca_file),
        "config": Config(proxies={"https": sandbox.proxy_url}, retries={"max_attempts": 1}),
    }
    sts = boto3.client("sts", aws_access_key_id="sandbox", aws_secret_access_key="sandbox", **where)
    keys = sts.assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]

    def make(service: str) -> Any:
        return boto3.client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            **where,
        )

    return make


@pytest.fixture
def aws(bench: Bench, sandbox: RunningSandbox, request: pytest.FixtureRequest) -> Bench:
    settings = {"bucket": STATE, "region": REGION, "use_lockfile": True, "assume_role": {"role_arn": ROLE}}
    backend = Backend("s3", settings, f"{request.node.name}/dev")
    bench.place = Place(environment="dev", backend=backend, account_id=ACCOUNT, region=REGION, assume_role=ROLE)
    bench.inherited |= sandbox.build_environment({}) | {"PATH": bench.inherited["PATH"]}
    return bench


PASSWORD = Variable(
    name="password",
    type_text="string",
    has_default=False,
    default=None,
    nullable=False,
    sensitive=True,
    description="",
    location=Location("modules/web/main.tf", 1),
)
NEWS = """
variable "password" {
  type      = string
  sensitive = true
}
resource "aws_ssm_parameter" "secret" {
  name  = "secret"
  type  = "SecureString"
  value = var.password
}
resource "aws_ssm_parameter" "gone" {
  name  = "gone"
  type  = "String"
  value = "here"
}
resource "aws_sns_topic" "news" {
  name         = "news"
  display_name = "old"
}
resource "aws_sns_topic" "calm" {
  name = "calm"
}
output "news" {
  value = aws_sns_topic.news.display_name
}
"""


def test_drift_check_finds_exactly_the_manual_changes(aws: Bench, client: Client) -> None:
    aws.providers = {"aws": {"source": "hashicorp/aws"}}
    arguments = {"password": "planted-hunter2"}
    stack = aws.lay(NEWS, variables=(PASSWORD,), arguments=arguments, outputs={"news": False})
    aws.deploy(stack)
    # A refresh turns `tags: null` into {} now.
    seen = aws.driver.detect_drift("dev", stack, unchanged=True)
    assert not (seen.drift.changes or seen.pending.changes)

    ssm, sns = client("ssm"), client("sns")
    ssm.put_parameter(Name="secret", Value="planted-other", Type="SecureString", Overwrite=True)
    ssm.delete_parameter(Name="gone")
    topic = next(each["TopicArn"] for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith(":news"))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="planted-hunter2")

    before = client("s3").list_objects_v2(Bucket=STATE)["Contents"]
    seen = aws.driver.detect_drift("dev", stack, unchanged=True)
    drift = seen.drift
    assert {each.address: each.action for each in drift.resources} == {
        "aws_ssm_parameter.secret": Action.UPDATE,
        "aws_ssm_parameter.gone": Action.DELETE,
        "aws_sns_topic.news": Action.UPDATE,
    }
    found = {each.address: each.attributes for each in drift.resources}
    assert found["aws_sns_topic.news"] == (AttributeChange("display_name", "old", Marker.SENSITIVE),)
    assert AttributeChange("value", Marker.SENSITIVE, Marker.SENSITIVE) in found["aws_ssm_parameter.secret"]
    assert AttributeChange("name", "gone", None) in found["aws_ssm_parameter.gone"]
    assert drift.outputs == (OutputChange("news", Action.UPDATE, "old", Marker.SENSITIVE),)
    assert not seen.pending.changes
    assert "planted" not in repr(seen)
    assert list(aws.directory.glob("*.tfplan")) == []
    assert client("s3").list_objects_v2(Bucket=STATE)["Contents"] == before


def waiting(aws: Bench, also: str = "") -> str:
    """Its apply waits for `go`."""
    command = f"until [ -e {aws.root}/go ]; do /bin/sleep 0.05; done"
    return f'resource "terraform_data" "slow" {{\n  provisioner "local-exec" {{ command = "{command}" }}\n}}\n{also}'


def when_begun(aws: Bench, do: Callable[[], object]) -> None:
    def react(event: ProgressEvent) -> None:
        if event.phase == "started":
            do()

    aws.heard.reacts = react


@pytest.mark.usefixtures("impatient_plans")
def test_lock_of_killed_terraform_is_broken_by_id(aws: Bench) -> None:
    stack = aws.lay(waiting(aws))
    aws.plan(stack)
    when_begun(aws, lambda: os.killpg(int((aws.directory / RUNNING_FILE).read_text()), signal.SIGKILL))
    with pytest.raises(OperationFailedError, match=r"web: Terraform was killed \(SIGKILL\)"):
        aws.driver.apply("dev", stack)

    with pytest.raises(StateLockedError) as raised:
        aws.driver.plan("dev", stack)
    lock = raised.value.lock
    assert (lock.stack, lock.operation) == ("web", "apply")
    assert "@" in lock.who
    assert lock.created is not None
    assert lock.folder == os.fspath(aws.directory)
    assert (aws.directory / ".terraform").is_dir(), "force-unlock can't be typed there"
    (problem,) = raised.value.problems
    assert f"(lock {lock.id}, folder {aws.directory})" in problem.message
    assert "envctl recover dev" in problem.hint
    with pytest.raises(StateLockedError) as raised:
        aws.driver.detect_drift("dev", stack, unchanged=True, locked=True)
    assert raised.value.lock == lock
    assert aws.driver.detect_drift("dev", stack, unchanged=True), "a look needs no lock"

    with pytest.raises(OperationFailedError, match=f"'nope' does not match the existing lock ID '{lock.id}'"):
        aws.driver.force_unlock("dev", stack, "nope")
    aws.driver.force_unlock("dev", stack, lock.id)
    assert aws.driver.plan("dev", stack).changes
    with pytest.raises(OperationFailedError, match="terraform force-unlock of web failed"):
        aws.driver.force_unlock("dev", stack, lock.id)


@pytest.mark.night
def test_state_is_pushed_once_its_bucket_exists_again(aws: Bench, client: Client, sandbox: RunningSandbox) -> None:
    s3 = client("s3")
    stack = aws.lay(waiting(aws, 'output "x" { value = 1 }'), outputs={"x": False})
    aws.plan(stack)

    def take_the_bucket_away() -> None:
        listed = s3.list_object_versions(Bucket=STATE)
        for each in [*listed["Versions"], *listed.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=STATE, Key=each["Key"], VersionId=each["VersionId"])
        s3.delete_bucket(Bucket=STATE)
        (aws.root / "go").touch()

    when_begun(aws, take_the_bucket_away)
    with pytest.raises(OperationFailedError) as raised:
        aws.driver.apply("dev", stack)
    assert raised.value.problems[0].code == "E313"

    s3.create_bucket(Bucket=STATE, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(OperationFailedError, match="E313"):
        aws.driver.plan("dev", stack)
    assert aws.driver.push_unsaved_state("dev", stack)
    assert aws.driver.read_outputs("dev", stack)["x"].value == 1
    assert not aws.driver.plan("dev", stack).changes


def test_unreachable_aws_is_distinguished_from_missing_permission(aws: Bench) -> None:
    stack = aws.lay('resource "terraform_data" "this" {}\n')
    aws.deploy(stack)
    aws.inherited |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:1")
    with pytest.raises(OperationFailedError) as raised:
        aws.new_driver().detect_drift("dev", stack, unchanged=True)
    assert [problem.code for problem in raised.value.problems] == ["E325"]


EXISTING = {
    "ssm_parameter": """
resource "aws_ssm_parameter" "each" {
  for_each = toset(["a b"])
  name     = "/exists/ab"
  type     = "String"
  value    = "1"
}
""",
    "dynamodb_table": """
resource "aws_dynamodb_table" "this" {
  name         = "exists"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
""",
    "iam_role": """
resource "aws_iam_role" "this" {
  name               = "exists"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
""",
    "iam_policy": """
resource "aws_iam_policy" "this" {
  name   = "exists"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:List*", Resource = "*" }]
  })
}
""",
    "security_group": """
resource "aws_security_group" "this" {
  name = "exists"
}
""",
}
# One whose ID the error tells, and one whose ID is asked for.
BY_DAY = ("ssm_parameter", "security_group")
OTHERS = EXISTING.keys() - set(BY_DAY)
IMPORT = re.compile(r"envctl recover dev (--import .*?)(?: \(ID: (.*?)\))?; then")


@pytest.mark.parametrize(
    "kinds",
    [pytest.param(BY_DAY, id="some"), pytest.param(tuple(sorted(OTHERS)), id="others", marks=pytest.mark.night)],
)
def test_existing_resource_is_imported_as_the_hint_says(aws: Bench, client: Client, kinds: tuple[str, ...]) -> None:
    """As after a killed Terraform: all is made, and no state knows of it."""
    stack = aws.lay("".join(map(EXISTING.__getitem__, kinds)))
    aws.deploy(stack)
    asked: dict[str, Callable[[], str]] = {
        "aws_iam_policy.this": lambda: client("iam").list_policies(Scope="Local")["Policies"][0]["Arn"],
        "aws_security_group.this": lambda: group_of(client("ec2"), "exists"),
    }
    client("s3").delete_object(Bucket=STATE, Key=f"{aws.place.backend.environment}/web.tfstate")
    aws.plan(stack)
    with pytest.raises(OperationFailedError) as raised:
        aws.driver.apply("dev", stack)
    problems = raised.value.problems
    assert [problem.code for problem in problems] == ["E367"] * len(kinds)
    for problem in problems:
        found = IMPORT.search(problem.hint)
        assert found is not None, problem.hint
        address, identity = parse_import(shlex.split(found[1])[1])
        assert address.startswith("web:")
        if identity == "ID":
            assert "envctl exec dev -- aws " in problem.hint
            identity = asked[address.removeprefix("web:")]()
        _, address = find_import_target(address, [stack])
        aws.driver.import_resource("dev", stack, address, identity)
    plan = aws.plan(stack)
    # What an import can't tell (the security group's own defaults) is set right in place.
    assert {change.action for change in plan.resources} <= {Action.UPDATE}
    if plan.changes:
        aws.driver.apply("dev", stack)
    assert not aws.plan(stack).changes


def group_of(ec2: Any, name: str) -> str:
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])
    return str(found["SecurityGroups"][0]["GroupId"])


@pytest.mark.night
def test_lock_table_and_key_of_states_are_used(aws: Bench, client: Client, request: pytest.FixtureRequest) -> None:
    table, name = client("dynamodb"), request.node.name
    schema: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    table.create_table(TableName="locks", **schema)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    settings = {**aws.place.backend.settings, "dynamodb_table": "locks", "kms_key_id": key, "encrypt": True}
    del settings["use_lockfile"]
    backend = Backend(
        "s3", settings, name, find_keys=lambda stack: {"key": f"env/{stack}"}, find_workspace=lambda _: "w"
    )
    aws.place = replace(aws.place, backend=backend)
    stack = replace(aws.lay('resource "terraform_data" "one" {}'), workspace="w")
    aws.deploy(stack)
    stored = client("s3").head_object(Bucket=STATE, Key="env:/w/env/web")
    assert stored["SSEKMSKeyId"] == key
    held = {"ID": "5b1f", "Operation": "OperationTypeApply", "Who": "ann@ci", "Created": "2026-11-28T01:00:00Z"}
    lock = {"LockID": {"S": f"{STATE}/env:/w/env/web"}, "Info": {"S": json.dumps(held)}}
    table.put_item(TableName="locks", Item=lock)
    with pytest.raises(StateLockedError) as raised:
        aws.driver.plan("dev", stack, locking="at once")
    assert (raised.value.lock.id, raised.value.lock.who) == ("5b1f", "ann@ci")
    aws.driver.force_unlock("dev", stack, "5b1f")
    aws.driver.check_lock("dev", stack)
    assert aws.driver.has_state("dev", stack)


@pytest.mark.night
def test_state_of_a_new_workspace_is_no_state(aws: Bench) -> None:
    settings = dict(aws.place.backend.settings)
    code = 'resource "terraform_data" "one" {}'
    for workspace in ("one", "two"):
        backend = Backend("s3", settings, aws.place.backend.environment, find_workspace={STACK: workspace}.__getitem__)
        aws.place = replace(aws.place, backend=backend)
        stack = replace(aws.lay(code), workspace=workspace)
        # A plan makes the workspace, with an empty state.
        assert aws.plan(stack).changes
        assert not aws.driver.has_state("dev", stack)
        aws.driver.apply("dev", stack)
        assert aws.driver.has_state("dev", stack)
        assert not aws.plan(stack).changes
