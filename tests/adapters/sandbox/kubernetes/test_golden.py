"""The Kubernetes of the sandbox answers as a real API server did."""

from collections import Counter

import pytest

from tests.adapters.sandbox.kubernetes.golden.replay import Replay, list_recordings, load_dry_runs, load_requests

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
