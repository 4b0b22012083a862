"""Every kind of check that asks the world has somebody who asks."""

import pytest

from envctl.adapters.checks.check_runner import RUNNER_BY_KIND
from envctl.domain.config.checks.check_table import CheckResult, Probe
from envctl.domain.config.checks.kinds import KINDS, resolve_check
from envctl.domain.terraform.outputs import Output


def test_every_probe_has_a_runner() -> None:
    assert set(RUNNER_BY_KIND) == set(Probe.__subclasses__())


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_kind_has_verdict_or_runner(kind: str) -> None:
    found = resolve_check(KINDS[kind].model_validate(KINDS[kind].example), kind, {"web": {"size": Output(2)}})
    assert isinstance(found, CheckResult) or type(found) in RUNNER_BY_KIND
