"""Where Terraform works in one environment: accounts, regions, roles and states.

Begin with `environment_place`: it resolves the place of an environment from `envctl.toml`. `backend` has the states,
`provider_keys` the configurations of providers, `provider_roles` what each of them may act as, and `provider_overrides`
the same for root modules that run as they are. `place_digest` is what an approval binds. Out of scope: the root modules
themselves (`rendering`), and credentials (`adapters/aws`).
"""
