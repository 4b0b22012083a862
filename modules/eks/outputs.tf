output "cluster_name" {
  description = "Name of the cluster, for aws eks update-kubeconfig."
  value       = aws_eks_cluster.this.name

  # Whoever deploys into the cluster may count on nodes and names.
  depends_on = [
    aws_cloudformation_stack.coredns,
    aws_eks_node_group.this,
  ]
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "endpoint" {
  description = "Address of the Kubernetes API."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  description = "Certificate of the Kubernetes API for clients, in base64. It is public."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "oidc_provider_arn" {
  description = "ARN of the identity provider that roles of service accounts trust."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "oidc_issuer" {
  description = "Issuer of the tokens of service accounts, without https://, as in conditions of trust policies."
  value       = local.issuer
}

output "node_role_arn" {
  description = "ARN of the role of the nodes."
  value       = aws_iam_role.node.arn
}

output "node_group_name" {
  description = "Name of the node group; it changes when the group is replaced."
  value       = aws_eks_node_group.this.node_group_name
}

output "node_release_version" {
  description = "Version of the system image that the nodes run."
  value       = aws_eks_node_group.this.release_version
}

output "aws_auth_map_roles" {
  description = "The value of mapRoles in the ConfigMap aws-auth in kube-system, in YAML: the nodes, and the roles of cluster_access."
  value       = yamlencode(concat([local.node_access], local.people_access))
}

output "security_group_id" {
  description = "Id of the security group that EKS made for nodes and pods; use it in the rules of the targets that they connect to."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "service_account_role_arns" {
  description = "ARNs of the roles of service_accounts, by key; they go into the annotation eks.amazonaws.com/role-arn."
  value       = { for key in keys(var.service_accounts) : key => aws_iam_role.account[key].arn }
}

output "load_balancer_controller_role_arn" {
  description = "ARN of the role of the AWS Load Balancer Controller, or null."
  value       = one([for key in keys(local.controller_accounts) : aws_iam_role.account[key].arn])
}

output "log_group_name" {
  description = "Log group of the control plane."
  value       = aws_cloudwatch_log_group.control_plane.name
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the Secrets of the cluster."
  value       = aws_kms_key.secrets.arn
}
