# CloudWatch encrypts every group by itself. A key of one's own costs money each month, and has to let in every service that writes.
#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group by itself, see above
  #checkov:skip=CKV_AWS_338:log_retention_days says how long, a year in prod

  name              = "/${var.project}/${var.environment}/${var.name}"
  retention_in_days = var.log_retention_days
}

# Looked up when it is planned: a secret that is not there is told before anything changes.
data "aws_secretsmanager_secret" "this" {
  for_each = var.service_secrets

  arn  = startswith(each.value, "arn:") ? each.value : null
  name = startswith(each.value, "arn:") ? null : each.value
}

locals {
  # What the application could not know otherwise; app_environment has the last word.
  environment = merge(
    { ENVIRONMENT = var.environment, PORT = tostring(var.app_port), PROJECT = var.project },
    var.app_environment,
  )

  secrets = merge(
    { for variable, secret in data.aws_secretsmanager_secret.this : variable => secret.arn },
    var.database_secret_arn == null ? {} : { DATABASE_SECRET = var.database_secret_arn },
  )

  container = merge(
    {
      name      = var.name
      essential = true

      environment = [for variable, value in local.environment : { name = variable, value = value }]
      secrets     = [for variable, arn in local.secrets : { name = variable, valueFrom = arn }]

      portMappings = var.worker ? [] : [{ containerPort = var.app_port, hostPort = var.app_port, protocol = "tcp" }]
      stopTimeout  = 30

      readonlyRootFilesystem = true
      privileged             = false
      mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]

      linuxParameters = {
        # Passes signals on and buries dead children, so that a task ends when it is told to.
        initProcessEnabled = true
        capabilities       = { add = [], drop = ["ALL"] }
      }

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = data.aws_region.current.id
          awslogs-stream-prefix = var.name
        }
      }
    },
    var.health_check_command == null ? {} : {
      healthCheck = { command = var.health_check_command, interval = 15, timeout = 5, retries = 3, startPeriod = var.health_check_grace_seconds }
    },
  )
}

resource "aws_ecs_task_definition" "this" {
  for_each = var.architecture == "x86_64" ? local.images : {}

  family                   = "${local.full_name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu
  memory                   = var.task_memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([merge(local.container, { image = each.value })])

  # The one place that the container may write to; it goes with the task.
  volume {
    name = "tmp"
  }
}

locals {
  task_definition_arns = merge(
    { for color, definition in aws_ecs_task_definition.this : color => definition.arn },
    { for color, definition in data.aws_ecs_task_definition.arm64 : color => definition.id },
  )
}
