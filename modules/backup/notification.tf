# A backup that fails is found out when it is needed, unless somebody hears of it the same night.
resource "aws_cloudwatch_event_rule" "failed" {
  count = var.topic_arn == null ? 0 : 1

  name        = "${local.name}-backup-failed"
  description = "Backups, copies and restores of ${local.name} that did not succeed."

  event_pattern = jsonencode({
    source      = ["aws.backup"]
    detail-type = ["Backup Job State Change", "Copy Job State Change", "Restore Job State Change"]
    detail = {
      # A restore calls its state status.
      "$or" = [
        { state = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"] },
        { status = ["ABORTED", "FAILED"] },
      ]
    }
  })

  tags = { Name = "${local.name}-backup-failed" }
}

resource "aws_cloudwatch_event_target" "failed" {
  count = var.topic_arn == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.failed[0].name
  target_id = "topic"
  arn       = var.topic_arn
}
