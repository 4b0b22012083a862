data "aws_partition" "current" {}

# ECR encrypts by itself, and images hold no secrets: a key of one's own would only cost money each month.
#trivy:ignore:AWS-0033
resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:ECR encrypts by itself, and images hold no secrets, see above

  for_each = var.repositories

  # Without the environment: what all environments run is the same image, under the same name in each account.
  name = "${var.project}/${each.key}"
  # A tag that was pushed once means the same image for ever.
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }

  tags = { Name = "${var.project}-${var.environment}-${each.key}" }
}

# Never by age or by "untagged", as such policies mostly are: an image that envctl copied here has no tag,
# and the image that runs in prod may be older than all that were built since.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = var.max_images == null ? [] : var.repositories

  repository = aws_ecr_repository.this[each.key].name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the newest ${var.max_images} images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.max_images }
      action       = { type = "expire" }
    }]
  })
}

data "aws_iam_policy_document" "pull" {
  count = length(var.pull_account_ids) > 0 ? 1 : 0

  statement {
    sid     = "Pull"
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "AWS"
      identifiers = [for id in sort(var.pull_account_ids) : "arn:${data.aws_partition.current.partition}:iam::${id}:root"]
    }
  }
}

resource "aws_ecr_repository_policy" "this" {
  for_each = length(var.pull_account_ids) > 0 ? var.repositories : []

  repository = aws_ecr_repository.this[each.key].name
  policy     = data.aws_iam_policy_document.pull[0].json
}
