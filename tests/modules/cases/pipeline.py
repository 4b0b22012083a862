"""Module pipeline."""

import json
from typing import Any

from tests.modules.applying import REGION, Account, Case, Found

ACCOUNT = "100000000016"
CONNECTION = f"arn:aws:codestar-connections:{REGION}:{ACCOUNT}:connection/aea1f9a1-0000-4000-8000-000000000001"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-approvals"
ROLES = {
    name: f"arn:aws:iam::{number * 12}:role/envctl-deployer"
    for name, number in {"dev": "1", "staging": "2", "prod": "3"}.items()
}
LOOKS = {name: role.replace("deployer", "look") for name, role in ROLES.items()}
LOOK = "shop-pipeline-look"
ROOT = f"""
module "pipeline" {{
  source = "./modules/pipeline"

  project        = "shop"
  connection_arn = "{CONNECTION}"
  repository     = "acme/shop"
  store_url      = "s3://shop-envctl-store/shop"
  topic_arn      = "{TOPIC}"

  environments = [
    {{ name = "dev", deployer_role_arn = "{ROLES["dev"]}", look_role_arn = "{LOOKS["dev"]}" }},
    {{ name = "staging", deployer_role_arn = "{ROLES["staging"]}", look_role_arn = "{LOOKS["staging"]}" }},
    {{ name = "prod", deployer_role_arn = "{ROLES["prod"]}", look_role_arn = "{LOOKS["prod"]}", approval = true }},
  ]
}}

output "found" {{
  value = module.pipeline
}}
"""
WITHOUT_DRIFT = ROOT.replace("store_url ", "drift_schedule = null\n  store_url ")


def look(account: Account, found: Found) -> None:
    told = found["found"]
    _goes_from_one_to_the_next(account, told["pipeline_name"])
    _each_build_gets_into_its_own_environment(account, told["build_role_arns"])
    _drift_is_looked_for(account, told["drift_pipeline_name"])
    _what_is_handed_on_is_nobodys_business(account, told["artifact_bucket_name"])


def look_without_drift(account: Account, found: Found) -> None:
    assert found["found"]["drift_pipeline_name"] is None
    assert account.client("events").list_rules()["Rules"] == []
    assert [each["name"] for each in account.client("codepipeline").list_pipelines()["pipelines"]] == ["shop-pipeline"]


def gone(account: Account) -> None:
    assert account.client("codepipeline").list_pipelines()["pipelines"] == []
    assert account.client("codebuild").list_projects()["projects"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    assert account.client("events").list_rules()["Rules"] == []
    assert [role for role in account.client("iam").list_roles()["Roles"] if role["RoleName"].startswith("shop")] == []


def _goes_from_one_to_the_next(account: Account, name: str) -> None:
    pipeline = account.client("codepipeline").get_pipeline(name=name)["pipeline"]
    assert [stage["name"] for stage in pipeline["stages"]] == ["source", "dev", "staging", "prod"]
    actions = [[action["name"] for action in stage["actions"]] for stage in pipeline["stages"]]
    assert actions == [["source"], ["apply"], ["promote"], ["plan", "approve", "promote"]]
    source = pipeline["stages"][0]["actions"][0]["configuration"]
    assert (source["ConnectionArn"], source["BranchName"]) == (CONNECTION, "main")
    assert pipeline["stages"][1]["actions"][0]["namespace"] == "entry"
    for stage, before in ((pipeline["stages"][2], "dev"), (pipeline["stages"][3], "staging")):
        assert _variables(stage["actions"][-1]) == {
            "TASK": "promote",
            "ENVIRONMENT": stage["name"],
            "BEFORE": before,
            "RELEASE": "#{entry.release}",
        }
    planned, asked, promoted = pipeline["stages"][3]["actions"]
    assert planned["configuration"]["ProjectName"] == LOOK
    assert _variables(planned) == {"TASK": "plan", "ENVIRONMENT": "prod", "RELEASE": "#{entry.release}"}
    assert asked["configuration"]["NotificationArn"] == TOPIC
    assert "#{plan-prod.link}" in asked["configuration"]["CustomData"]
    assert planned["runOrder"] < asked["runOrder"] < promoted["runOrder"]


def _variables(action: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in json.loads(action["configuration"]["EnvironmentVariables"])}


def _each_build_gets_into_its_own_environment(account: Account, roles: dict[str, str]) -> None:
    names = [f"shop-pipeline-{name}" for name in ROLES]
    projects = account.client("codebuild").batch_get_projects(names=names)["projects"]
    assert {each["serviceRole"] for each in projects} == set(roles.values())
    assert all(each["source"]["type"] == each["artifacts"]["type"] == "CODEPIPELINE" for each in projects)
    assert all(each["timeoutInMinutes"] == 180 for each in projects)
    iam = account.client("iam")
    for name, role in roles.items():
        policy = iam.get_role_policy(RoleName=role.rpartition("/")[2], PolicyName="run")["PolicyDocument"]
        allowed = {each["Sid"]: each for each in policy["Statement"]}
        assert set(allowed["GetIntoTheEnvironment"]["Resource"]) == {ROLES[name], LOOKS[name]}
        assert allowed["AddToTheStore"]["Resource"] == "arn:aws:s3:::shop-envctl-store/shop/*"
        assert allowed["LockPages"]["Resource"] == "arn:aws:s3:::shop-envctl-store/shop/readings/*"
        assert (allowed["AddToTheStore"]["Action"], allowed["ReadTheStore"]["Action"]) == (
            "s3:PutObject",
            "s3:GetObject",
        )
    taken = [each for each in roles.values() if not each.startswith(f"arn:aws:iam::{ACCOUNT}:role/shop-pipeline-")]
    assert taken == []
    groups = account.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group["retentionInDays"] for group in groups} == {
        f"/aws/codebuild/{name}": 365 for name in (*names, LOOK)
    }
    # Whoever starts the builds gets into none of the environments.
    starter = iam.get_role_policy(RoleName="shop-pipeline", PolicyName="run")["PolicyDocument"]["Statement"]
    assert not any("sts:AssumeRole" in each["Action"] for each in starter)


def _drift_is_looked_for(account: Account, name: str) -> None:
    pipeline = account.client("codepipeline").get_pipeline(name=name)["pipeline"]
    looks = {action["name"]: action for action in pipeline["stages"][1]["actions"]}
    assert {name: action["configuration"]["ProjectName"] for name, action in looks.items()} == dict.fromkeys(
        ROLES, LOOK
    )
    assert [_variables(action) for action in looks.values()] == [
        {"TASK": "drift", "ENVIRONMENT": name} for name in ROLES
    ]
    policy = account.client("iam").get_role_policy(RoleName=LOOK, PolicyName="run")["PolicyDocument"]
    allowed = {each["Sid"]: each["Resource"] for each in policy["Statement"]}
    assert set(allowed["GetIntoTheEnvironment"]) == set(LOOKS.values())
    store = "arn:aws:s3:::shop-envctl-store/shop/"
    assert {each.removeprefix(store) for each in allowed["AddToTheStore"]} == {
        "checkpoints/*",
        "ledger/*",
        "places/*",
        "plans/*",
        "readings/*",
        "runs/*",
    }
    events = account.client("events")
    (rule,) = events.list_rules()["Rules"]
    assert rule["ScheduleExpression"] == "cron(17 18 * * ? *)"
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(f":{name}")
    assert target["RoleArn"].endswith(":role/shop-pipeline-schedule")


def _what_is_handed_on_is_nobodys_business(account: Account, bucket: str) -> None:
    s3 = account.client("s3")
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (denied,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": ["false"]}})


CASE = Case("pipeline", ACCOUNT, ROOT, look, gone, steps=((WITHOUT_DRIFT, look_without_drift),))
