"""Where Terraform works in one environment: accounts, regions, roles and states.

`backend.py` has the states, `provider_keys.py` the configurations of providers, `provider_roles.py` what each of them
may act as, `provider_overrides.py` the same for root modules that run as they are. An approval binds `place_digest.py`.

Begin with `environment_place.py`: `resolve_place`. Out of scope: credentials (`adapters/aws/`).
"""
