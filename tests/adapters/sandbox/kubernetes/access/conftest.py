"""A cluster with the permissions of roles."""

from collections.abc import Iterator

import pytest

from tests.kubernetes_cluster import KubernetesCluster, run_kubernetes_cluster


@pytest.fixture
def secured() -> Iterator[KubernetesCluster]:
    with run_kubernetes_cluster(is_secured=True) as running:
        yield running
