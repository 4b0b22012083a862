locals {
  # RDS takes no two hyphens in a row, which a name that ends with one would bring.
  identifier = replace("${var.project}-${var.environment}-database", "/-+/", "-")
  port       = 5432
  username   = "postgres"

  # The one that PostgreSQL always has: the argument for another one is `name` in provider 3.39 and `db_name` in 6.x.
  database_name = "postgres"
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:the policy that AWS gives it is the one wanted: IAM in the account decides

  description         = "Encrypts the database ${local.identifier}: storage, backups, performance insights and its secret."
  enable_key_rotation = true

  tags = { Name = local.identifier }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.identifier}"
  target_key_id = aws_kms_key.this.key_id
}

# Made before the database: RDS would make them itself, and keep their logs for ever.
# CloudWatch encrypts every group by itself. A key of one's own costs money each month, and has to let in every service that writes.
#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group by itself, see above
  #checkov:skip=CKV_AWS_338:log_retention_days says how long, a year in prod

  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${local.identifier}/${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_db_parameter_group" "this" {
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
  #checkov:skip=CKV_AWS_157:multi_az says it, and is on in prod

  identifier     = local.identifier
  engine         = "postgres"
  engine_version = var.database_engine_version
  instance_class = var.database_instance_class
  multi_az       = var.multi_az

  username = local.username
  password = local.password

  storage_type          = "gp3"
  allocated_storage     = var.database_storage_gb
  max_allocated_storage = var.database_max_storage_gb
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this.arn

  port                   = local.port
  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  parameter_group_name   = aws_db_parameter_group.this.name

  # A door that opens only to a database user who was given rds_iam, and with an IAM policy: nobody yet.
  iam_database_authentication_enabled = true

  backup_retention_period   = var.database_backup_days
  backup_window             = var.database_backup_window
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.database_final_snapshot
  final_snapshot_identifier = var.database_final_snapshot ? "${local.identifier}-final-${substr(aws_kms_key.this.key_id, 0, 8)}" : null

  # Settings name the major version only: security fixes come in by themselves, in the window, and no plan takes them back.
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = true
  maintenance_window          = var.database_maintenance_window

  # What was approved happens now, and not in some later night.
  apply_immediately = true

  enabled_cloudwatch_logs_exports       = keys(aws_cloudwatch_log_group.this)
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.this.arn
  performance_insights_retention_period = 7

  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.monitoring.arn

  # Module backup selects by this tag.
  tags = { Name = local.identifier, backup = "daily" }

  # gp3 comes with iops of its own, which provider 3.39 would take for a change.
  lifecycle {
    ignore_changes = [iops]
  }

  # RDS tries the role as soon as it is named.
  depends_on = [aws_iam_role_policy_attachment.monitoring]
}
