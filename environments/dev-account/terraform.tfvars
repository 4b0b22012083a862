# The account of dev: developers work here, and deploy.

# access
deploys_environment   = "dev"
management_account_id = "555555555555"
people_roles          = ["developer"]
deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-dev"]
look_trusted_arns = [
  "arn:aws:iam::444444444444:role/envctl-ci-plan",
  "arn:aws:iam::444444444444:role/envctl-ci-drift",
  "arn:aws:iam::444444444444:role/envctl-ci-dev",
  "arn:aws:iam::444444444444:role/envctl-ci-staging",
]

# images
repositories = ["web"]
