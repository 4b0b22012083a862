"""What most tests of use cases begin with."""

import pytest

from tests.fakes.world import World


@pytest.fixture
def world() -> World:
    return World()
