# EKS makes an Auto Scaling group for its node group. A schedule there moves its bounds too, because EKS sets the minimum to node_min_size.
resource "aws_autoscaling_schedule" "node" {
  for_each = var.sleep == null ? {} : { down = 0, up = var.node_min_size }

  scheduled_action_name  = "${local.name}-eks-${each.key}"
  autoscaling_group_name = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name
  # Auto Scaling reads five fields as Unix does, without a year and without the question mark.
  recurrence       = replace(trimsuffix(var.sleep[each.key], " *"), "?", "*")
  min_size         = each.value
  desired_capacity = each.value
  # -1 leaves it as it is; left out, the provider would send 0.
  max_size = -1
}
