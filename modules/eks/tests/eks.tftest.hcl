mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1", name = "ap-northeast-1" }
  }

  mock_data "aws_ssm_parameter" {
    defaults = { value = "1.35.0-20260801" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/mock" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-1:111111111111:key/mock" }
  }

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.ap-northeast-1.amazonaws.com/id/MOCK" }
  }

  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 3 }
  }

  mock_resource "aws_eks_cluster" {
    defaults = {
      identity              = [{ oidc = [{ issuer = "https://oidc.eks.ap-northeast-1.amazonaws.com/id/MOCK" }] }]
      certificate_authority = [{ data = "bW9jaw==" }]
      vpc_config            = { cluster_security_group_id = "sg-0ccccccccccccccccc" }
    }
  }

  mock_resource "aws_eks_node_group" {
    defaults = { resources = [{ autoscaling_groups = [{ name = "eks-nodes" }] }] }
  }
}

variables {
  project     = "shop"
  environment = "dev"
  vpc_id      = "vpc-0123456789abcdef0"
  subnet_ids  = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
}

run "secrets_are_encrypted_with_a_key_of_their_own" {
  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == aws_kms_key.secrets.arn && aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"])
    error_message = "Secrets are encrypted with the key of the cluster."
  }

  assert {
    condition     = aws_kms_key.secrets.enable_key_rotation
    error_message = "The key changes every year."
  }
}

run "the_api_is_private_by_default" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "Only the private endpoint is open."
  }

  assert {
    condition     = tolist(one(aws_security_group.api.ingress).cidr_blocks) == tolist(["127.0.0.1/32"])
    error_message = "Nobody but the nodes reaches the private endpoint."
  }
}

run "the_api_opens_to_exactly_the_ranges_given" {
  command = plan

  variables {
    cluster_public_cidrs  = ["203.0.113.0/24"]
    cluster_private_cidrs = ["10.10.0.0/16"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The public endpoint is open to the office only."
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "Nodes keep to the private endpoint."
  }

  assert {
    condition     = one(aws_security_group.api.ingress).from_port == 443 && one(aws_security_group.api.ingress).to_port == 443 && tolist(one(aws_security_group.api.ingress).cidr_blocks) == tolist(["10.10.0.0/16"])
    error_message = "The private endpoint is open to the network only, over HTTPS."
  }
}

run "the_control_plane_writes_all_its_logs_for_as_long_as_it_was_told" {
  command = plan

  variables {
    log_retention_days = 365
  }

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "All five kinds of log are on."
  }

  assert {
    condition     = aws_cloudwatch_log_group.control_plane.name == "/aws/eks/shop-dev/cluster" && aws_cloudwatch_log_group.control_plane.retention_in_days == 365
    error_message = "The log group has the name that EKS writes to, and the retention given."
  }
}

run "a_node_is_hardened" {
  assert {
    condition = alltrue([for options in aws_launch_template.node.metadata_options :
      options.http_tokens == "required" && options.http_put_response_hop_limit == 1
    ]) && length(aws_launch_template.node.metadata_options) == 1
    error_message = "Only version 2 of the metadata service, and not for pods."
  }

  assert {
    condition     = tobool(aws_launch_template.node.block_device_mappings[0].ebs[0].encrypted) && aws_launch_template.node.block_device_mappings[0].ebs[0].volume_type == "gp3"
    error_message = "The root volume is encrypted."
  }

  assert {
    condition     = aws_launch_template.node.key_name == null && length(aws_eks_node_group.this.remote_access) == 0
    error_message = "No SSH."
  }

  assert {
    condition     = aws_eks_node_group.this.launch_template[0].version == tostring(aws_launch_template.node.latest_version)
    error_message = "A new version of the launch template rolls through the group."
  }

  assert {
    condition     = toset([for spec in aws_launch_template.node.tag_specifications : spec.resource_type if spec.tags.project == "shop" && spec.tags.environment == "dev"]) == toset(["instance", "volume"])
    error_message = "Nodes and their volumes carry project and environment."
  }
}

run "a_node_may_join_and_pull_and_no_more" {
  command = plan

  assert {
    condition = toset([for attachment in aws_iam_role_policy_attachment.node : attachment.policy_arn]) == toset([
      "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
      "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    ])
    error_message = "The rights of the network plug-in are with its service account."
  }
}

run "nodes_are_on_demand_unless_told" {
  command = plan

  assert {
    condition     = aws_eks_node_group.this.capacity_type == "ON_DEMAND" && startswith(aws_eks_node_group.this.node_group_name, "shop-dev-on-demand-")
    error_message = "Nodes that stay."
  }

  assert {
    condition     = aws_eks_node_group.this.scaling_config[0].min_size == 2 && aws_eks_node_group.this.scaling_config[0].desired_size == 2 && aws_eks_node_group.this.scaling_config[0].max_size == 4
    error_message = "Two nodes at first."
  }
}

run "a_group_that_cannot_be_changed_gets_a_new_name" {
  command = plan

  variables {
    node_spot           = true
    node_instance_types = ["m6i.large", "m5.large"]
  }

  assert {
    condition     = aws_eks_node_group.this.capacity_type == "SPOT" && aws_eks_node_group.this.instance_types == tolist(["m6i.large", "m5.large"])
    error_message = "Spot capacity of the types given."
  }

  assert {
    condition     = aws_eks_node_group.this.node_group_name != run.nodes_are_on_demand_unless_told.node_group_name && can(regex("^shop-dev-spot-[0-9a-f]{8}$", aws_eks_node_group.this.node_group_name))
    error_message = "The new group can come up before the old one goes."
  }
}

run "control_plane_and_nodes_are_of_one_version" {
  command = plan

  variables {
    kubernetes_version = "1.36"
  }

  assert {
    condition     = aws_eks_cluster.this.version == "1.36" && aws_eks_node_group.this.version == "1.36"
    error_message = "Nodes follow the control plane."
  }
}

run "the_autoscaler_says_how_many_nodes_there_are" {
  state_key = "scaled"
}

run "a_larger_minimum_starts_no_node" {
  state_key = "scaled"

  variables {
    node_min_size = 3
  }

  assert {
    condition     = aws_eks_node_group.this.scaling_config[0].min_size == 3 && aws_eks_node_group.this.scaling_config[0].desired_size == 2
    error_message = "The number of nodes is left to the autoscaler."
  }
}

run "a_zone_more_is_for_nodes_only" {
  state_key = "scaled"

  variables {
    subnet_ids = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb", "subnet-0cccccccccccccccc"]
  }

  assert {
    condition     = length(aws_eks_cluster.this.vpc_config[0].subnet_ids) == 2 && length(aws_eks_node_group.this.subnet_ids) == 3
    error_message = "The cluster stays."
  }
}

run "addons_have_roles_of_their_own" {
  assert {
    condition     = jsondecode(aws_cloudformation_stack.before_nodes["vpc-cni"].template_body).Resources.Addon.Properties.ServiceAccountRoleArn == aws_iam_role.account["vpc-cni"].arn && aws_eks_addon.ebs_csi.service_account_role_arn == aws_iam_role.account["ebs-csi"].arn
    error_message = "Network plug-in and storage driver take their own roles."
  }

  assert {
    condition = { for key, policy in aws_iam_role_policy_attachment.account : policy.role => policy.policy_arn } == {
      shop-dev-eks-ebs-csi = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
      shop-dev-eks-vpc-cni = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    }
    error_message = "Each may do its own."
  }

  assert {
    condition     = length(output.service_account_role_arns) == 0
    error_message = "The roles of add-ons are not for pods of the application."
  }
}

run "an_addon_moves_only_when_told" {
  command = plan

  variables {
    cluster_addon_versions = { coredns = "v1.12.4-eksbuild.1" }
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.coredns.template_body).Resources.Addon.Properties.AddonVersion == "v1.12.4-eksbuild.1"
    error_message = "The version named is taken."
  }

  assert {
    condition     = !strcontains(aws_cloudformation_stack.before_nodes["kube-proxy"].template_body, "AddonVersion")
    error_message = "Others keep the one from AWS."
  }
}

run "a_service_account_takes_a_role_that_trusts_nobody_else" {
  variables {
    service_accounts = {
      reports = { namespace = "shop", service_account = "reports", policy_arns = ["arn:aws:iam::111111111111:policy/read-reports"] }
    }
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.account_assume["reports"].statement[0].condition : condition.variable => condition.values if condition.test == "StringEquals" } == {
      "oidc.eks.ap-northeast-1.amazonaws.com/id/MOCK:aud" = tolist(["sts.amazonaws.com"])
      "oidc.eks.ap-northeast-1.amazonaws.com/id/MOCK:sub" = tolist(["system:serviceaccount:shop:reports"])
    }
    error_message = "This service account of this namespace, for AWS, and no other."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.account["reports arn:aws:iam::111111111111:policy/read-reports"].role == "shop-dev-eks-reports"
    error_message = "The role has the policy given."
  }

  assert {
    condition     = output.service_account_role_arns == { reports = "arn:aws:iam::111111111111:role/mock" }
    error_message = "Its ARN is told by its key."
  }
}

run "network_policies_are_enforced" {
  assert {
    condition     = jsondecode(jsondecode(aws_cloudformation_stack.before_nodes["vpc-cni"].template_body).Resources.Addon.Properties.ConfigurationValues).enableNetworkPolicy == "true"
    error_message = "The network plug-in acts on NetworkPolicies."
  }

  assert {
    condition = alltrue([for stack in concat(values(aws_cloudformation_stack.before_nodes), [aws_cloudformation_stack.coredns]) :
      jsondecode(stack.template_body).Resources.Addon.Properties.ResolveConflicts == "OVERWRITE"
    ])
    error_message = "Copies that EKS has installed are taken over."
  }
}

run "a_service_account_reads_the_secrets_named" {
  variables {
    service_accounts = {
      web = { namespace = "shop", service_account = "web", secrets = ["shop/dev/database"] }
    }
  }

  assert {
    condition     = toset(data.aws_iam_policy_document.account_secrets["web"].statement[0].resources) == toset(["arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:shop/dev/database-??????"])
    error_message = "This secret, and no other."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.account_secrets["web"].statement[1].condition).variable == "kms:EncryptionContext:SecretARN"
    error_message = "The key opens nothing else."
  }
}

run "the_load_balancer_controller_has_a_role_if_asked" {
  variables {
    load_balancer_controller = true
  }

  assert {
    condition     = aws_iam_role_policy.load_balancer["load-balancer"].role == aws_iam_role.account["load-balancer"].id && output.load_balancer_controller_role_arn == "arn:aws:iam::111111111111:role/mock"
    error_message = "It may make load balancers."
  }
}

run "roles_of_people_reach_the_cluster_beside_the_nodes" {
  variables {
    cluster_access = {
      developer = { role_arn = "arn:aws:iam::111111111111:role/DeveloperRole", groups = ["shop:developers"] }
    }
  }

  assert {
    condition = yamldecode(output.aws_auth_map_roles) == [
      { rolearn = "arn:aws:iam::111111111111:role/mock", username = "system:node:{{EC2PrivateDNSName}}", groups = ["system:bootstrappers", "system:nodes"] },
      { rolearn = "arn:aws:iam::111111111111:role/DeveloperRole", username = "developer:{{SessionName}}", groups = ["shop:developers"] },
    ]
    error_message = "Nodes keep their line."
  }
}

run "nodes_join_the_clients_of_the_database" {
  variables {
    database_security_group_id = "sg-0ddddddddddddddddd"
  }

  assert {
    condition     = aws_launch_template.node.vpc_security_group_ids == toset(["sg-0ccccccccccccccccc", "sg-0ddddddddddddddddd"])
    error_message = "The group of the cluster stays."
  }
}

run "nodes_take_the_newest_image" {
  assert {
    condition     = aws_eks_node_group.this.release_version == "1.35.0-20260801"
    error_message = "AWS says which one it is."
  }

  assert {
    condition     = data.aws_ssm_parameter.node_release[0].name == "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/release_version"
    error_message = "That of the Kubernetes version."
  }
}

run "many_nodes_have_time_to_be_replaced" {
  command = plan

  assert {
    condition     = aws_eks_node_group.this.timeouts.update == "3h"
    error_message = "A dozen nodes take more than an hour."
  }
}

run "nodes_keep_the_image_named" {
  command = plan

  variables {
    node_release_version = "1.35.0-20260120"
  }

  assert {
    condition     = aws_eks_node_group.this.release_version == "1.35.0-20260120" && length(data.aws_ssm_parameter.node_release) == 0
    error_message = "Nothing is asked."
  }
}

run "nodes_sleep_when_told" {
  variables {
    sleep = { down = "0 11 ? * MON-FRI *", up = "0 23 ? * SUN-THU *" }
  }

  assert {
    condition     = { for key, action in aws_autoscaling_schedule.node : key => [action.recurrence, action.min_size, action.desired_capacity, action.autoscaling_group_name] } == { down = ["0 11 * * MON-FRI", 0, 0, "eks-nodes"], up = ["0 23 * * SUN-THU", 2, 2, "eks-nodes"] }
    error_message = "None at night, the minimum by day."
  }
}

run "a_time_that_is_no_schedule_is_refused" {
  command = plan

  variables {
    sleep = { down = "20:00", up = "0 23 ? * SUN-THU *" }
  }

  expect_failures = [var.sleep]
}

run "an_image_that_is_no_release_is_refused" {
  command = plan

  variables {
    node_release_version = "ami-0123456789abcdef0"
  }

  expect_failures = [var.node_release_version]
}

run "a_role_with_its_path_is_refused" {
  command = plan

  variables {
    cluster_access = {
      developer = { role_arn = "arn:aws:iam::111111111111:role/people/DeveloperRole", groups = ["shop:developers"] }
    }
  }

  expect_failures = [var.cluster_access]
}

run "a_group_of_kubernetes_is_refused" {
  command = plan

  variables {
    cluster_access = {
      developer = { role_arn = "arn:aws:iam::111111111111:role/DeveloperRole", groups = ["system:masters"] }
    }
  }

  expect_failures = [var.cluster_access]
}

run "a_pattern_of_secrets_in_the_middle_is_refused" {
  command = plan

  variables {
    service_accounts = {
      web = { namespace = "shop", service_account = "web", secrets = ["shop/*/database"] }
    }
  }

  expect_failures = [var.service_accounts]
}

run "a_project_that_is_no_name_is_refused" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "an_environment_that_is_no_name_is_refused" {
  command = plan

  variables {
    environment = "dev_1"
  }

  expect_failures = [var.environment]
}

run "a_single_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-0aaaaaaaaaaaaaaaa"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_patch_level_is_refused" {
  command = plan

  variables {
    kubernetes_version = "1.35.2"
  }

  expect_failures = [var.kubernetes_version]
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    cluster_public_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.cluster_public_cidrs]
}

run "an_address_that_is_no_range_is_refused" {
  command = plan

  variables {
    cluster_private_cidrs = ["10.10.0.1/16"]
  }

  expect_failures = [var.cluster_private_cidrs]
}

run "an_unknown_addon_is_refused" {
  command = plan

  variables {
    cluster_addon_versions = { kubeproxy = "v1.35.0-eksbuild.2" }
  }

  expect_failures = [var.cluster_addon_versions]
}

run "a_version_that_is_none_of_eks_is_refused" {
  command = plan

  variables {
    cluster_addon_versions = { kube-proxy = "1.35" }
  }

  expect_failures = [var.cluster_addon_versions]
}

run "an_unknown_processor_is_refused" {
  command = plan

  variables {
    architecture = "arm"
  }

  expect_failures = [var.architecture]
}

run "no_instance_type_is_refused" {
  command = plan

  variables {
    node_instance_types = []
  }

  expect_failures = [var.node_instance_types]
}

run "a_cluster_without_nodes_is_refused" {
  command = plan

  variables {
    node_min_size = 0
  }

  expect_failures = [var.node_min_size]
}

run "bounds_that_cross_are_refused" {
  command = plan

  variables {
    node_min_size = 5
  }

  expect_failures = [var.node_min_size]
}

run "a_volume_that_images_fill_is_refused" {
  command = plan

  variables {
    node_volume_gb = 8
  }

  expect_failures = [var.node_volume_gb]
}

run "a_pattern_of_service_accounts_is_refused" {
  command = plan

  variables {
    service_accounts = {
      reports = { namespace = "shop", service_account = "*", policy_arns = [] }
    }
  }

  expect_failures = [var.service_accounts]
}

run "a_role_that_the_cluster_has_itself_is_refused" {
  command = plan

  variables {
    service_accounts = {
      vpc-cni = { namespace = "kube-system", service_account = "aws-node", policy_arns = [] }
    }
  }

  expect_failures = [var.service_accounts]
}

run "a_policy_by_its_name_is_refused" {
  command = plan

  variables {
    service_accounts = {
      reports = { namespace = "shop", service_account = "reports", policy_arns = ["AmazonS3ReadOnlyAccess"] }
    }
  }

  expect_failures = [var.service_accounts]
}

run "a_retention_that_cloudwatch_does_not_offer_is_refused" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}
