"""A cluster with all admission plugins."""

from collections.abc import Iterator

import pytest

from tests.admission.webhook_server import Webhook, run_webhook
from tests.cluster import LocalCluster, run_cluster


@pytest.fixture
def secured() -> Iterator[LocalCluster]:
    with run_cluster(is_secured=True) as running:
        yield running


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with run_webhook() as running:
        yield running
