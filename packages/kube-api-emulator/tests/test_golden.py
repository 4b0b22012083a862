"""The emulator answers as a real API server did."""

import json
from collections import Counter

import pytest

from tests.golden.replay import (
    Replay,
    list_differences,
    list_recordings,
    load_dry_runs,
    load_requests,
    load_writes,
    normalize_write,
)
from tests.scope import leave_out_dropped, leave_out_warnings

RECORDINGS = list_recordings()

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gold"}}
# The order of unknown fields is that of a map of Go.
OTHER_WORDS = {"two unknown fields (SSA)"}


@pytest.mark.parametrize("version", RECORDINGS)
def test_requests_get_the_answers_of_a_real_server(version: str) -> None:
    replay = Replay(version)
    verdicts = {exchange.name: replay.judge(exchange) for exchange in load_requests(RECORDINGS[version])}
    assert len(verdicts) == 118
    differing = {name: verdict for name, verdict in verdicts.items() if verdict[0] != "same"}
    assert {name for name, verdict in differing.items() if verdict[0] == "words"} <= OTHER_WORDS, differing
    assert {name for name, verdict in differing.items() if verdict[0] != "words"} == set(), differing


@pytest.mark.parametrize("version", RECORDINGS)
def test_dry_runs_get_the_answers_of_a_real_server(version: str) -> None:
    replay = Replay(version)
    replay.send("POST", "/api/v1/namespaces", "", NAMESPACE)
    verdicts = Counter[str]()
    differing = []
    for exchange in load_dry_runs(RECORDINGS[version]):
        verdict, fields = replay.judge(exchange)
        verdicts[verdict] += 1
        if verdict != "same":
            differing.append((exchange.name, verdict, fields))
    assert verdicts == {"same": 714}, differing[:10]


# A release names its own file without the folder of its module.
BUILT_ELSEWHERE = "k8s.io/kubernetes/pkg/api/legacyscheme"
METADATA_OF_STATUS = (".metadata", ".spec", ".status")


CHANGES = ("post", "apply", "put", "merge", "strat", "jp", "upapply", "pods")
LATER = {
    "schemas": ("post", "put", "merge", "apply"),
    "others": ("post", "put", "merge", "apply", "strat", "jp", "upapply"),
    "expressions": ("policies", "rules"),
    "later": ("post", "put", "merge", "apply", "upapply", "strat", "jp"),
}
SUBJECTS = (
    *("ephemeral", "podlevel", "classes", "reviews", "binding", "status", "cel", "crules"),
    *("rare", "rarer", "volumes"),
)


def test_no_recorded_write_is_lost() -> None:
    steps = [step["step"] for part in load_writes().values() for step in part]
    assert (steps.count("row"), steps.count("setup")) == (4275, 895)


@pytest.mark.parametrize("kind", [*CHANGES, *SUBJECTS, *(f"{part}-{how}" for part in LATER for how in LATER[part])])
def test_writes_get_the_answers_of_a_real_server(kind: str) -> None:
    replay, differing, count = Replay(), [], 0
    for step in load_writes()[kind]:
        code, answer = replay.send(step["method"], step["path"], step["media"], step["body"])
        if step["step"] == "setup":
            continue
        count += 1
        answered = json.dumps(leave_out_dropped(step["answer"]))
        theirs = json.loads(answered.replace(BUILT_ELSEWHERE, "pkg/api/legacyscheme"))
        fields = [*list_differences(normalize_write(answer), normalize_write(theirs))]
        if code >= 300:
            fields = [field for field in fields if not field.startswith(METADATA_OF_STATUS)]
        if code != step["code"] or fields or sorted(replay.warnings) != leave_out_warnings(step["warnings"]):
            differing.append((step["name"], code, step["code"], fields, replay.warnings))
    assert count > (50 if kind in CHANGES else 10)
    assert not differing, differing[:10]
