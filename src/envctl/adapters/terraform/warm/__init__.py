"""Warm providers: provider processes that envctl starts once for a stack, and hands to each Terraform of that stack.

In doubt, Terraform starts its providers itself: `choice.py` decides, and names the reason. Terraform checks no lock
for a provider that it is handed, so `package.py` does. `keeper.py` is the parent process of a provider, and ends it.

Begin with `warm_providers.py`: `WarmProviders.hand_over`; then `choice.py`: `Chooser`.
Out of scope: downloads (`adapters/terraform/init/`), machines without Linux, and two configurations of one provider.
"""
