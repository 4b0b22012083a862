locals {
  # RDS takes no two hyphens in a row, which a name that ends with one would bring.
  identifier = replace("${var.project}-${var.environment}-database-replica", "/-+/", "-")
  port       = 5432
  on         = var.replicate ? 1 : 0

  # AWS takes none of a replica.
  final_snapshot = var.replica_promoted && var.database_final_snapshot
}

data "aws_region" "current" {
  count = local.on
}

# Keys do not leave their region: a copy in another one is encrypted with a key of its own.
resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:the policy that AWS gives it is the one wanted: IAM in the account decides

  count = local.on

  description         = "Encrypts the database ${local.identifier}: storage, backups and performance insights."
  enable_key_rotation = true

  tags = { Name = local.identifier }
}

resource "aws_kms_alias" "this" {
  count = local.on

  name          = "alias/${local.identifier}"
  target_key_id = aws_kms_key.this[0].key_id
}

# Made before the replica: RDS would make them itself, and keep their logs for ever.
# CloudWatch encrypts every group by itself. A key of one's own costs money each month, and has to let in every service that writes.
#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group by itself, see above
  #checkov:skip=CKV_AWS_338:log_retention_days says how long, a year in prod

  for_each = toset(var.replicate ? ["postgresql", "upgrade"] : [])

  name              = "/aws/rds/instance/${local.identifier}/${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_db_parameter_group" "this" {
  count = local.on

  name_prefix = "${local.identifier}-"
  description = "Parameters of ${local.identifier}."
  family      = "postgres${var.database_engine_version}"

  # What PostgreSQL has by default since version 15 AWS reports as pending-reboot; anything else would be a change for ever.
  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "pending-reboot"
  }

  tags = { Name = local.identifier }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  count = local.on

  identifier     = local.identifier
  instance_class = var.database_instance_class

  # Without a source the provider promotes what was a replica, and leaves alone what somebody else has promoted.
  replicate_source_db = var.replica_promoted ? null : var.replica_of
  engine_version      = var.replica_promoted ? var.database_engine_version : null

  max_allocated_storage = var.database_max_storage_gb
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this[0].arn

  publicly_accessible                 = false
  db_subnet_group_name                = aws_db_subnet_group.this[0].name
  vpc_security_group_ids              = [aws_security_group.this[0].id]
  parameter_group_name                = aws_db_parameter_group.this[0].name
  iam_database_authentication_enabled = true

  # A replica has neither. Null and not none: an apply between a promotion by hand and replica_promoted takes no backups away.
  backup_retention_period   = var.replica_promoted ? var.database_backup_days : null
  multi_az                  = var.replica_promoted ? var.multi_az : null
  skip_final_snapshot       = !local.final_snapshot
  final_snapshot_identifier = local.final_snapshot ? "${local.identifier}-final-${substr(aws_kms_key.this[0].key_id, 0, 8)}" : null
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection

  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = true
  apply_immediately           = true

  enabled_cloudwatch_logs_exports       = keys(aws_cloudwatch_log_group.this)
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.this[0].arn
  performance_insights_retention_period = 7

  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.monitoring[0].arn

  tags = { Name = local.identifier }

  lifecycle {
    # gp3 comes with iops of its own, which provider 3.39 would take for a change.
    ignore_changes = [iops]

    precondition {
      condition     = try(split(":", var.replica_of)[3], "") != data.aws_region.current[0].id
      error_message = "The replica must be in another region than the database it follows: give its stack that region."
    }
  }

  # RDS tries the role as soon as it is named.
  depends_on = [aws_iam_role_policy_attachment.monitoring]
}
