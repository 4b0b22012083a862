# The account of prod: QA approves, operators deploy approved releases; one administrator may delete data.

# access
deploys_environment   = "prod"
management_account_id = "555555555555"
people_roles          = ["qa", "operator", "data_admin"]
deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-prod"]
look_trusted_arns = [
  "arn:aws:iam::444444444444:role/envctl-ci-drift",
  "arn:aws:iam::444444444444:role/envctl-ci-prod",
]

# images
repositories = ["web"]
