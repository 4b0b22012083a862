"""The cluster of these tests: with the namespace `shop` and a known token, where every user may do everything."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from kube_api_emulator.local_cluster import Fault, LocalCluster, RefusedError, User
from kube_api_emulator.local_cluster import run_cluster as run_public_cluster

# What tests need, in one place.
__all__ = ["TOKEN", "Fault", "LocalCluster", "RefusedError", "User", "kubernetes_cluster", "run_cluster"]

TOKEN = "token-of-the-administrator"
NAMESPACE = "shop"


def run_cluster(version: str = "1.36", *, is_secured: bool = False) -> AbstractContextManager[LocalCluster]:
    return run_public_cluster(version, NAMESPACE, is_secured=is_secured, token=TOKEN)


@pytest.fixture
def kubernetes_cluster() -> Iterator[LocalCluster]:
    with run_cluster() as running:
        yield running
