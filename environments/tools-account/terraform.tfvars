# The account of the store and of CI: roles for jobs, and no workloads.

# ci_access
store_url = "s3://shop-envctl-store/shop"
environments = [
  {
    name              = "dev"
    deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer"
    look_role_arn     = "arn:aws:iam::111111111111:role/envctl-look"
  },
  {
    name              = "staging"
    deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer"
    look_role_arn     = "arn:aws:iam::222222222222:role/envctl-look"
  },
  {
    name              = "prod"
    deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer"
    look_role_arn     = "arn:aws:iam::333333333333:role/envctl-look"
  },
]
copies_images = true # as [artifacts.app_image] in envctl.toml

# Both ids: gh api repos/acme/shop --jq '.owner.id, .id'
github_repository    = "acme/shop"
github_owner_id      = "123456"
github_repository_id = "456789"
