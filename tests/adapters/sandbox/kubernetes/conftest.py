"""The cluster of these tests."""

from tests.kubernetes_cluster import kubernetes_cluster

__all__ = ["kubernetes_cluster"]
