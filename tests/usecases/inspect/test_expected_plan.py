"""A plan that lies ready: its providers start before the credentials are checked."""

from dataclasses import replace

import pytest

from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.ports.terraform import PreparedEnvironment
from tests.fakes.world import World


@pytest.mark.parametrize(("count", "expected"), [(1, [("dev", "network")]), (2, [])])
def test_only_a_single_prepared_stack_is_expected(
    monkeypatch: pytest.MonkeyPatch, count: int, expected: list[tuple[str, str]]
) -> None:
    world = World()
    saved: list[PreparedEnvironment] = []
    monkeypatch.setattr(world.workspace, "save_prepared", lambda prepared, *_: saved.append(prepared))
    plan_environment(world.ports, "dev")
    assert not world.terraform.expected
    kept = replace(saved[0], stacks=saved[0].stacks[:count])
    monkeypatch.setattr(world.workspace, "load_prepared", lambda _: kept)
    plan_environment(world.ports, "dev")
    assert world.terraform.expected == expected
