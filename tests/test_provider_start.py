"""The check of a trace: each Terraform has warm providers, or a reason why not."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import provider_start
from tests.provider_start import ORDINARY, find_unnamed_starts


def build_trace(*lanes: tuple[str, list[str]]) -> dict[str, Any]:
    events: list[dict[str, Any]] = []
    for number, (lane, bars) in enumerate(lanes):
        events.append({"ph": "M", "tid": number, "args": {"name": lane}})
        events += [{"ph": "X", "tid": number, "name": name, "ts": at} for at, name in enumerate(bars)]
    return {"traceEvents": events}


REASON = f"{ORDINARY}--no-warm"


@pytest.mark.parametrize(
    ("bars", "unnamed"),
    [
        (["check of providers", "providers", "plan", "show", "apply"], []),
        ([REASON, "plan", REASON, "show"], []),
        (["providers", REASON, "plan", "providers", "show"], []),
        (["init", "output", "state pull"], []),
        (["connect", "plan", "connect", "apply"], []),
        (["plan"], ["dev/web plan"]),
        ([REASON, "plan", "show"], ["dev/web show"]),
        ([ORDINARY, "apply"], ["dev/web apply"]),
        (["providers", "plan", REASON, "show", "import"], ["dev/web import"]),
    ],
)
def test_start_without_reason_is_found(bars: list[str], unnamed: list[str]) -> None:
    assert find_unnamed_starts(build_trace(("dev/web", bars))) == unnamed


def test_each_stack_needs_its_own_reason() -> None:
    trace = build_trace(("envctl", ["plan"]), ("dev/a", ["providers", "plan"]), ("dev/b", ["plan"]))
    assert find_unnamed_starts(trace) == ["dev/b plan"]


def test_mode_adds_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def list_words(mode: str, *words: str) -> list[str]:
        monkeypatch.setattr(provider_start, "_mode", [mode])
        with provider_start.check_starts(words) as found:
            return found

    assert list_words("usual", "plan", "dev") == ["plan", "dev"]
    assert provider_start.format_program() == f"{sys.executable} -m envctl"
    assert list_words("ordinary", "plan", "dev") == ["--no-warm", "plan", "dev"]
    assert provider_start.format_program() == f"{sys.executable} -m envctl --no-warm"
    assert not provider_start.is_warm()
    assert list_words("traced", "plan", "dev")[2:] == ["plan", "dev"]
    assert list_words("traced", "plan", "dev", "--trace", "own.json") == ["plan", "dev", "--trace", "own.json"]


def test_traced_command_without_reason_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_start, "_mode", ["traced"])
    with pytest.raises(AssertionError, match="no reason"), provider_start.check_starts(["plan", "dev"]) as words:
        Path(words[1]).write_text(json.dumps(build_trace(("dev/web", ["plan"]))))
