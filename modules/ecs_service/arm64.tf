# Version 3 of the AWS provider cannot say for which processor a task is, and Fargate then takes x86_64. So the definition of
# an arm64 task is made by a stack, which spells it in its own way and is the same in all else.
locals {
  arm64 = var.architecture == "arm64" ? local.images : {}

  # title() makes logConfiguration LogConfiguration.
  arm64_container = merge(
    { for key in ["essential", "name", "privileged", "readonlyRootFilesystem", "stopTimeout"] : title(key) => local.container[key] },
    { for key in ["environment", "mountPoints", "portMappings", "secrets"] : title(key) => [for each in local.container[key] : { for word, value in each : title(word) => value }] },
    { for key in ["healthCheck", "logConfiguration"] : title(key) => { for word, value in local.container[key] : title(word) => value } if contains(keys(local.container), key) },
    {
      LinuxParameters = {
        InitProcessEnabled = local.container.linuxParameters.initProcessEnabled
        Capabilities       = { Drop = local.container.linuxParameters.capabilities.drop }
      }
    },
  )
}

resource "aws_cloudformation_stack" "arm64" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack, and says what went wrong

  for_each = local.arm64

  name = "${local.full_name}-${each.key}-task"

  template_body = jsonencode({
    Description = "ECS task ${local.full_name}-${each.key}"

    Resources = {
      Task = {
        Type = "AWS::ECS::TaskDefinition"
        # What ran before stays defined, or ECS could not go back to it.
        UpdateReplacePolicy = "Retain"

        Properties = {
          Family                  = "${local.full_name}-${each.key}"
          RequiresCompatibilities = ["FARGATE"]
          NetworkMode             = "awsvpc"
          Cpu                     = tostring(var.task_cpu)
          Memory                  = tostring(var.task_memory)
          TaskRoleArn             = aws_iam_role.task.arn
          ExecutionRoleArn        = aws_iam_role.execution.arn
          RuntimePlatform         = { CpuArchitecture = "ARM64", OperatingSystemFamily = "LINUX" }
          Volumes                 = [{ Name = "tmp" }]
          ContainerDefinitions    = [merge(local.arm64_container, { Image = each.value })]
        }
      }
    }
  })
}

data "aws_ecs_task_definition" "arm64" {
  for_each = local.arm64

  task_definition = "${local.full_name}-${each.key}"

  depends_on = [aws_cloudformation_stack.arm64]
}
