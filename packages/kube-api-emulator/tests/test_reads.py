"""The emulator answers reads, and requests of several users, as a real API server did."""

import json

import pytest

from kube_api_emulator.server.access.secure import secure_cluster
from kube_api_emulator.server.api.exchange import ApiRequest, ApiStream
from kube_api_emulator.server.identity.users import AUTHENTICATED, MASTERS, User
from tests.golden.replay import (
    Replay,
    list_differences,
    load_reads,
    normalize_read,
)
from tests.scope import leave_out_dropped, leave_out_warnings


@pytest.mark.parametrize("part", ["reads", "access", "options-blue", "options-green"])
def test_reads_get_the_answers_of_a_real_server(part: str) -> None:
    replay, differing, count = Replay(), [], 0
    if part == "access":
        replay.api.authorize = secure_cluster(replay.api.cluster)
        replay.api.authenticate = {"admin": User("admin", (MASTERS, AUTHENTICATED))}.get
    for step in load_reads()[part]:
        code, text = replay.read(step)
        if step["step"] == "setup":
            assert code in (200, 201, 409), (step["path"], text)
            continue
        count += 1
        answer = leave_out_dropped(step["answer"])
        theirs = answer if isinstance(answer, str) else json.dumps(answer)
        fields = [*list_differences(normalize_read(text), normalize_read(theirs))]
        if code != step["code"] or fields or sorted(replay.warnings) != leave_out_warnings(step["warnings"]):
            differing.append((step["name"], code, step["code"], fields[:3], replay.warnings))
    assert count > 50
    assert not differing, differing[:10]


def test_initial_events_end_with_the_bookmark_of_a_real_server() -> None:
    api, differing = Replay().api, []
    rows = load_reads()["bookmarks"]
    for row in rows:
        stream = api.answer(ApiRequest("GET", row["path"], {"accept": row["accept"]}, b""))
        assert isinstance(stream, ApiStream)
        last = [(kind, item) for kind, item in stream.open(lambda: True)][-1]
        bookmark = json.dumps({"type": "BOOKMARK", "object": row["answer"]})
        shown = json.dumps({"type": last[0], "object": last[1]})
        if fields := [*list_differences(normalize_read(shown), normalize_read(bookmark))]:
            differing.append((row["name"], fields[:3]))
    assert len(rows) == 44
    assert not differing, differing[:10]
