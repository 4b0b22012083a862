"""What rules speak of is what there is: guards by their names, and types that hold data."""

from dataclasses import replace

import pytest

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.config.gates import DEFAULT_GATES
from envctl.domain.config.rules.guard_codes import NEVER_WAIVED, GuardCode
from envctl.domain.config.stateful_types import STATEFUL
from envctl.domain.errors import Problem
from envctl.domain.guards import GUARDS, check_guards
from envctl.domain.ledger.recorded_rules import RulesRecord
from envctl.domain.rules.environment_rules import Rules
from tests.unit.guards.asked import NOW, PROMOTION, R2, deployed, here, ruled


def test_guard_codes_match_guards() -> None:
    assert sorted(GuardCode) == sorted(guard.code for guard in GUARDS)


def test_never_waived_guards_match_unwaivable_refusals() -> None:
    gone = RulesRecord("0" * 64, 7, NOW)
    request = replace(
        here(ruled(PROMOTION, only_ci=True), last=deployed(R2, outcome="unfinished"), rules=gone),
        unfit=(Problem("E204", "size is not a number"),),
        account="222222222222",
        caller=CallerIdentity("111111111111", "arn:aws:iam::111111111111:user/bob"),
    )
    assert {refusal.code for refusal in check_guards(request) if not refusal.waivable} == set(NEVER_WAIVED)
    assert all(reason and reason[-1] != "." for reason in NEVER_WAIVED.values())


def test_usual_gates_are_three() -> None:
    assert dict(DEFAULT_GATES) == {"peer": 1, "business": 1, "quality": 1}


def test_default_rules_refuse_nothing() -> None:
    assert Rules() == ruled(PROMOTION).rules
    assert check_guards(PROMOTION) == ()
    usual = Rules()
    assert (usual.rehearsed, usual.may_differ, usual.protected, usual.self_approval) == ("warn", None, False, False)


HOLDING = {
    "databases": [
        "aws_db_instance",
        "aws_rds_cluster",
        "aws_docdb_cluster",
        "aws_neptune_cluster",
        "aws_redshift_cluster",
    ],
    "caches": ["aws_elasticache_replication_group", "aws_memorydb_cluster"],
    "tables": ["aws_dynamodb_table", "aws_keyspaces_table", "aws_timestreamwrite_table"],
    "buckets and images": ["aws_s3_bucket", "aws_ecr_repository"],
    "file systems": ["aws_efs_file_system", "aws_fsx_lustre_file_system", "aws_fsx_windows_file_system"],
    "volumes, snapshots and backups": ["aws_ebs_volume", "aws_ebs_snapshot", "aws_db_snapshot", "aws_backup_vault"],
    "keys and secrets": ["aws_kms_key", "aws_secretsmanager_secret", "aws_acmpca_certificate_authority"],
    "people": ["aws_cognito_user_pool"],
    "clusters": ["aws_eks_cluster", "aws_ecs_cluster", "aws_msk_cluster", "aws_opensearch_domain"],
    "queues and streams": ["aws_sqs_queue", "aws_sns_topic", "aws_kinesis_stream", "aws_mq_broker"],
    "zones and addresses": ["aws_route53_zone", "aws_eip"],
    "logs": ["aws_cloudwatch_log_group", "aws_cloudtrail"],
}
HARMLESS = [f"aws_{name}" for name in ("security_group", "iam_role", "route", "lambda_function", "launch_template")]
HARMLESS.append("null_resource")


@pytest.mark.parametrize("types", HOLDING.values(), ids=HOLDING.keys())
def test_stateful_types_are_known(types: list[str]) -> None:
    assert set(types) <= STATEFUL


def test_stateless_types_are_not_stateful() -> None:
    assert not STATEFUL & set(HARMLESS)


def test_stateful_types_are_of_aws_or_kubernetes() -> None:
    of_aws = {name for name in STATEFUL if name.startswith("aws_")}
    assert all(name.replace("_", "").isalnum() and name.islower() for name in of_aws)
    kinds = {name.partition(".")[0] for name in STATEFUL - of_aws}
    assert kinds == {
        "CustomResourceDefinition",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "StatefulSet",
    }
