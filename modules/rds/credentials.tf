# uuid() is random (from the system's generator), made when it is applied, and remembered: the password is in no setting and no plan.
# It is kept in triggers_replace because `output` of a terraform_data shows in the plan of a destroy what a sensitive `input` hides.
# manage_master_user_password and write-only arguments, which keep it out of the state too, do not exist in provider 3.39.
resource "terraform_data" "password" {
  for_each = toset([tostring(var.database_password_version)])

  triggers_replace = sensitive(uuid())

  lifecycle {
    ignore_changes = [triggers_replace]
  }
}

locals {
  # Whichever there is: a refresh comes before the version that was just raised.
  password = one(values(terraform_data.password)[*].triggers_replace)
}

# A prefix: AWS keeps the name of a deleted secret for weeks, and an environment may be rebuilt the next day.
resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:database_password_version gives a new one, through the pipeline

  name_prefix = "${var.project}/${var.environment}/database-"
  description = "How to connect to ${local.identifier}."
  kms_key_id  = aws_kms_key.this.arn

  tags = { Name = local.identifier }
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id
  secret_string = jsonencode({
    engine   = "postgres"
    host     = aws_db_instance.this.address
    port     = local.port
    username = local.username
    password = local.password
    dbname   = local.database_name
  })
}
