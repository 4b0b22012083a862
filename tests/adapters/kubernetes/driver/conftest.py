from pathlib import Path

import pytest

from tests.adapters.kubernetes.driver.bench import Bench
from tests.kubernetes_cluster import KubernetesCluster, kubernetes_cluster

__all__ = ["kubernetes_cluster"]


@pytest.fixture
def bench(kubernetes_cluster: KubernetesCluster, tmp_path: Path) -> Bench:
    return Bench(kubernetes_cluster, tmp_path)
