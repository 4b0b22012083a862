"""What each module is applied with, and what has to be there then: one file a module."""

from tests.modules.applying import Case
from tests.modules.cases import (
    access,
    account_baseline,
    alb,
    backup,
    backup_vault,
    ci_access,
    cost_control,
    ec2_instance,
    ecr,
    ecs_service,
    eks,
    monitoring,
    organization,
    pipeline,
    rds,
    rds_replica,
    signing_keys,
    vpc,
)

CASES: tuple[Case, ...] = (
    access.CASE,
    account_baseline.CASE,
    alb.CASE,
    backup.CASE,
    backup_vault.CASE,
    ci_access.CASE,
    cost_control.CASE,
    ec2_instance.CASE,
    ecr.CASE,
    ecs_service.CASE,
    eks.CASE,
    monitoring.CASE,
    organization.CASE,
    pipeline.CASE,
    rds.CASE,
    rds_replica.CASE,
    signing_keys.CASE,
    vpc.CASE,
)
