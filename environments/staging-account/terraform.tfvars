# The account of staging: QA may read; one administrator may delete data.

# access
deploys_environment   = "staging"
management_account_id = "555555555555"
people_roles          = ["qa", "data_admin"]
deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-staging"]
look_trusted_arns = [
  "arn:aws:iam::444444444444:role/envctl-ci-drift",
  "arn:aws:iam::444444444444:role/envctl-ci-staging",
  "arn:aws:iam::444444444444:role/envctl-ci-prod",
]

# images
repositories = ["web"]
