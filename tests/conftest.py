"""Tests can't reach the world by accident: no cloud, no CI and no Terraform of this machine is visible to them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

HIDDEN = (
    "AWS_",
    "TF_",
    "GITHUB_",
    "GIT_",
    "ENVCTL_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NO_COLOR",
    "FORCE_COLOR",
    "CI",
    "COLUMNS",
)

settings.register_profile("check", deadline=None, max_examples=15)
settings.register_profile("default", deadline=None, max_examples=60)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(HIDDEN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    yield
