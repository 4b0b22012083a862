# management: the organization, its accounts and the control policies. No workloads.

organization_accounts = {
  Account-Dev     = { email = "aws-dev@example.com", unit = "DevOU" }
  Account-Staging = { email = "aws-staging@example.com", unit = "ProdOU" }
  Account-Prod    = { email = "aws-prod@example.com", unit = "ProdOU" }
  Account-Tools   = { email = "aws-tools@example.com", unit = "ProdOU" }
}
