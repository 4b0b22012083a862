"""Which AWS profiles this machine knows."""

import os
from pathlib import Path

import boto3
import pytest

from envctl.adapters.local.profiles import has_profile

CONFIG = """
[default]
region = eu-west-1
[profile prod]
sso_session = company
sso_account_id = 333333333333
[sso-session company]
sso_region = eu-west-1
[profile "company prod"]
region = eu-west-1
[profile 'unclosed]
region = eu-west-1
[forgotten]
region = eu-west-1
"""
CREDENTIALS = """
[old-keys]
aws_access_key_id = AKIA
aws_secret_access_key = %(not an interpolation
"""
KNOWN = {
    "one of the configuration": ("prod", True),
    "one of the credentials file": ("old-keys", True),
    "the usual one": ("default", True),
    "one that nobody configured": ("staging", False),
    "the beginning of another": ("pro", False),
    "one in quotes": ("company prod", True),
    "one whose quotes do not close": ("unclosed", False),
    "a section that does not say profile": ("forgotten", False),
    "a section of something else": ("company", False),
}


@pytest.mark.parametrize(("profile", "known"), KNOWN.values(), ids=KNOWN)
def test_known_profiles_equal_those_of_boto3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, known: bool
) -> None:
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(CREDENTIALS)
    files = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "credentials"}
    environment = {name: os.fspath(tmp_path / file) for name, file in files.items()}
    assert has_profile(profile, environment) is known
    for name, file in environment.items():
        monkeypatch.setenv(name, file)
    assert (profile in boto3.Session().available_profiles) is known


@pytest.mark.parametrize("content", [b"\xff\xfe", b"no section\n", b""], ids=["no text", "no sections", "empty"])
def test_unreadable_configuration_has_no_profiles(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config").write_bytes(content)
    missing = os.fspath(tmp_path / "missing")
    assert not has_profile(
        "prod", {"AWS_CONFIG_FILE": os.fspath(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": missing}
    )
