"""Kubernetes clusters over plain HTTP: connection, discovery, server-side apply. No client library of Kubernetes.

The driver plans by dry runs of a server-side apply, and keeps the plan in memory. The state is the cluster itself,
with an inventory of the objects of the stack. `stack/` has the steps of one stack, `rendering/` runs kubectl and helm.

Begin with `driver.py`: `KubernetesDriver.plan`; then `api.py`: `ClusterApi`.
Out of scope: what a difference means (`domain/kubernetes/`), and reconciling between two commands.
"""
