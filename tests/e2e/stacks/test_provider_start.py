"""`--no-warm` and `[terraform] warm` reach Terraform, also where a prepared environment spares the project file."""

import json

import pytest

from tests import provider_start
from tests.e2e.conftest import Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _usual_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    provider_start.ignore_mode(monkeypatch)


def list_starts(project: Project, *words: str) -> set[str]:
    """Return what the trace of a command says of the start of providers."""
    project.run_checked(*words, "--trace", "trace.json")
    events = json.loads((project.root / "trace.json").read_text())["traceEvents"]
    return {each["name"] for each in events if "providers" in each["name"]} - {"check of providers"}


def test_flag_and_key_lead_to_ordinary_start(small_in_dev: Project) -> None:
    plan = ("plan", "dev")
    assert list_starts(small_in_dev, *plan) == {"ordinary start of providers: its lock names no provider"}
    assert list_starts(small_in_dev, *plan, "--no-warm") == {"ordinary start of providers: --no-warm"}
    with (small_in_dev.root / "envctl.toml").open("a") as file:
        file.write("\n[terraform]\nwarm = false\n")
    # The second plan reads what the first one prepared.
    for _ in range(2):
        assert list_starts(small_in_dev, *plan) == {"ordinary start of providers: [terraform] warm is false"}
    assert list_starts(small_in_dev, *plan, "--no-warm") == {"ordinary start of providers: --no-warm"}
    # Not ready: no registry can be reached here.
    found = small_in_dev.run("doctor", "dev").out
    assert "ordinary: base, top ([terraform] warm is false)" in found
