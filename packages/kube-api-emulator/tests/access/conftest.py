"""A cluster with the permissions of roles."""

from collections.abc import Iterator

import pytest

from tests.cluster import LocalCluster, run_cluster


@pytest.fixture
def secured() -> Iterator[LocalCluster]:
    with run_cluster(is_secured=True) as running:
        yield running
