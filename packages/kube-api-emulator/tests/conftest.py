"""The cluster and the programs of these tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.cluster import kubernetes_cluster
from tests.programs import unpack_helm

__all__ = ["kubernetes_cluster"]

settings.register_profile("default", deadline=None, max_examples=12, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def helm_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_helm(tmp_path_factory.mktemp("programs"))
