"""Kubernetes objects as a kind of stack: identity, differences, order, readiness. Pure.

`manifests/` checks objects before they meet a cluster. `fields/` knows owners of fields, differences and predictions.

Begin with `objects.py`: `ObjectIdentity`; then `plan.py`: `plan_change`.
Out of scope: the API of a cluster (`adapters/kubernetes/`), and the sandbox's server (`packages/kube-api-emulator`).
"""
