"""Bodies of requests."""

import pytest

from kube_api_emulator.server.api.bodies import parse_body
from kube_api_emulator.server.status_errors import StatusError

PROTOBUF = "application/vnd.kubernetes.protobuf"


@pytest.mark.parametrize(
    ("raw", "media", "expected"),
    [
        pytest.param(b"", "application/json", None, id="no body"),
        pytest.param(b'{"a": 1}', "application/json", {"a": 1}, id="JSON"),
        pytest.param(b"a: 2026-01-02", "application/yaml", {"a": "2026-01-02"}, id="a date in YAML is text"),
        pytest.param(b"a: yes", "application/apply-patch+yaml", {"a": True}, id="yes in YAML is true"),
        pytest.param(b"{a: 1}", "application/apply-patch+yaml", {"a": 1}, id="YAML that begins like JSON"),
    ],
)
def test_body_is_read(raw: bytes, media: str, expected: object) -> None:
    assert parse_body(raw, media).content == expected


@pytest.mark.parametrize(
    ("raw", "media", "code"),
    [
        pytest.param(b"{", "application/json", 400, id="half a JSON"),
        pytest.param(b"a: [", "application/yaml", 400, id="half a YAML"),
        pytest.param(b"k8s\x00", PROTOBUF, 415, id="protobuf of an unknown kind"),
        pytest.param(b"k8s\x00\x0a\x7f", PROTOBUF, 400, id="damaged protobuf"),
        pytest.param(b"{}", PROTOBUF, 400, id="no protobuf"),
        pytest.param(b"{}", "text/plain", 415, id="another type"),
    ],
)
def test_unreadable_body_is_refused(raw: bytes, media: str, code: int) -> None:
    with pytest.raises(StatusError) as refused:
        parse_body(raw, media)
    assert refused.value.code == code
