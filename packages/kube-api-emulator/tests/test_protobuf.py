"""Bodies in protobuf become the objects that the same bodies in JSON are."""

import pytest

from kube_api_emulator.server.api.protobuf import parse_protobuf
from tests.encoding import encode_body, field, number

IMAGE = field(1, b"web") + field(2, b"nginx")


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        pytest.param("v1/Pod", field(2, field(2, IMAGE)), {"spec": {"containers": [{"name": "web", "image": "nginx"}]}},
                     id="a list of messages"),
        pytest.param("apps/v1/Deployment", field(2, number(1, 0) + number(5, 0)), {"spec": {"replicas": 0}},
                     id="the zero of a pointer counts, any other does not"),
        pytest.param("v1/Service", field(2, field(1, number(3, 80) + field(4, number(1, 1) + field(3, b"http")))),
                     {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}}, id="a name of a port"),
        pytest.param("v1/Service", field(2, field(1, number(3, 80) + field(4, number(1, 0) + number(2, 8080)))),
                     {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}}, id="a number of a port"),
        pytest.param("v1/Service", field(2, field(1, number(3, 80) + field(4, number(1, 0) + number(2, 0)))),
                     {"spec": {"ports": [{"port": 80}]}}, id="no target port"),
        pytest.param("v1/ResourceQuota", field(2, field(1, field(1, b"cpu") + field(2, field(1, b"500m")))),
                     {"spec": {"hard": {"cpu": "500m"}}}, id="a map of quantities"),
        pytest.param("v1/Pod", field(2, field(1, field(1, b"v") + field(2, field(2, b"")))),
                     {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}, id="a part among the fields of its owner"),
        pytest.param("v1/Secret", field(2, field(1, b"a") + field(2, b"p")), {"data": {"a": "cA=="}}, id="bytes"),
        pytest.param("v1/PriorityClass", b"", None, id="an unknown kind"),
        pytest.param("scheduling.k8s.io/v1/PriorityClass", number(2, 2**64 - 1), {"value": -1},
                     id="a number below zero"),
        pytest.param("v1/Event", field(6, number(1, 1)), {"firstTimestamp": "1970-01-01T00:00:01Z"}, id="a time"),
        pytest.param("apps/v1/DeleteOptions", field(4, b"Orphan"), {"propagationPolicy": "Orphan"},
                     id="options, which name the group of their object"),
        pytest.param("authorization.k8s.io/v1/SubjectAccessReview",
                     field(2, field(5, field(1, b"k") + field(2, field(1, b"v")))), {"spec": {"extra": {"k": ["v"]}}},
                     id="lists in a map"),
        pytest.param("v1/ConfigMap", field(2, field(1, b"a")) + b"\xf9\x3f12345678", {"data": {"a": ""}},
                     id="an unknown field is skipped"),
    ],
)  # fmt: skip
def test_message_becomes_an_object(kind: str, content: bytes, expected: dict[str, object] | None) -> None:
    version, _, name = kind.rpartition("/")
    found = parse_protobuf(encode_body(version, name, content))
    assert found == (None if expected is None else {"apiVersion": version, "kind": name} | expected)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(field(2, b"\x0a"), id="a field is cut off"),
        pytest.param(field(2, b"\x0a\x7f"), id="a field is longer than its message"),
        pytest.param(number(2, 1), id="a number for a message"),
        pytest.param(field(2, field(1, b"x")), id="a text for a number"),
        pytest.param(b"\x0b", id="an old kind of group"),
    ],
)
def test_damaged_message_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"field|number|type"):
        parse_protobuf(encode_body("apps/v1", "Deployment", content))
