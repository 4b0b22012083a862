# The account of dev: developers work here, and deploy.

# access
deploys_environment   = "dev"
management_account_id = "555555555555"
people_roles          = ["developer"]
deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci"]

# images
repositories = ["web"]
