"""Version constraints mean what they mean to Terraform."""

import pytest

from envctl.domain.terraform.version_constraints import is_version_allowed

ALLOWED = [
    (">= 1.10", "1.10.0"),
    (">= 1.10", "1.15.5"),
    (">=1.10,<2", "1.99.0"),
    ("~> 1.10", "1.15.5"),
    ("~> 1.10.2", "1.10.9"),
    ("~> 1", "1.4.0"),
    ("= 1.15.5", "1.15.5"),
    ("1.15.5", "1.15.5"),
    ("!= 1.15.4", "1.15.5"),
    ("> 1.9", "1.10.0"),
    ("<= 1.10", "1.10.0"),
    (">= 1.10", "1.11.0-beta1"),
]
REFUSED = [
    (">= 1.10", "1.9.8"),
    (">= 1.10, < 2", "2.0.0"),
    ("~> 1.10", "2.0.0"),
    ("~> 1.10.2", "1.11.0"),
    ("~> 1.10.2", "1.10.1"),
    ("1.15.5", "1.15.6"),
    ("!= 1.15.5", "1.15.5"),
    ("> 1.10", "1.10.0"),
    ("< 1.10", "1.10.0"),
]


@pytest.mark.parametrize(("constraint", "version"), ALLOWED)
def test_version_is_allowed_by_constraint(constraint: str, version: str) -> None:
    assert is_version_allowed(constraint, version)


@pytest.mark.parametrize(("constraint", "version"), REFUSED)
def test_refused(constraint: str, version: str) -> None:
    assert not is_version_allowed(constraint, version)
