"""A provider with a write-only argument and an ephemeral resource, which provider 3.39 does not have.

`keep_secret` writes the digest of what its write-only argument holds into a file. `keep_token` opens a token.
The stubs of the package are older than both: what they lack is written as bytes of the protocol.
"""

# ruff: noqa: N802 (the protocol names its methods)

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.utils import read_dynamic_value, to_dynamic_value

from tests.faults.python_provider import PlainProvider, serve_terraform

ADDRESS, VERSION = "registry.terraform.io/acme/keep", "1.0.0"
TOKEN = "planted-token-of-the-provider"
_WRITE_ONLY = b"\x58\x01"  # field 11 of an attribute
_SERVICE = "tfplugin6.Provider"


class Keeper(PlainProvider):
    def GetProviderSchema(self, request: object, context: object) -> pb.GetProviderSchema.Response:
        known = pb.GetProviderSchema.Response(provider=_schema(), resource_schemas={"keep_secret": SECRET})
        # Field 8: ephemeral resources by type, an entry of a map.
        entry = _field(1, b"keep_token") + _field(2, TOKENS.SerializeToString())
        found: pb.GetProviderSchema.Response = pb.GetProviderSchema.Response.FromString(
            known.SerializeToString() + _field(8, entry)
        )
        return found

    def PlanResourceChange(
        self, request: pb.PlanResourceChange.Request, context: object
    ) -> pb.PlanResourceChange.Response:
        return pb.PlanResourceChange.Response(planned_state=_without_value(request.proposed_new_state))

    def ApplyResourceChange(
        self, request: pb.ApplyResourceChange.Request, context: object
    ) -> pb.ApplyResourceChange.Response:
        given = read_dynamic_value(request.config)
        if given is not None:
            digest = hashlib.sha256((given["value_wo"] or "").encode()).hexdigest()
            Path(given["file"]).write_text(digest, encoding="utf-8")
        return pb.ApplyResourceChange.Response(new_state=request.planned_state)


def _attribute(name: str, kind: str, *, write_only: bool = False, **flags: Any) -> pb.Schema.Attribute:
    known = pb.Schema.Attribute(name=name, type=json.dumps(kind).encode(), **flags)
    found: pb.Schema.Attribute = pb.Schema.Attribute.FromString(
        known.SerializeToString() + (_WRITE_ONLY if write_only else b"")
    )
    return found


def _schema(*attributes: pb.Schema.Attribute) -> pb.Schema:
    return pb.Schema(block=pb.Schema.Block(attributes=attributes))


SECRET = _schema(
    _attribute("file", "string", required=True),
    _attribute("value_wo", "string", optional=True, write_only=True),
    _attribute("value_wo_version", "number", optional=True),
)
TOKENS = _schema(_attribute("value", "string", computed=True, sensitive=True))


def _without_value(state: pb.DynamicValue) -> pb.DynamicValue:
    proposed: Mapping[str, Any] | None = read_dynamic_value(state)
    return state if proposed is None else to_dynamic_value({**proposed, "value_wo": None})


def _field(number: int, data: bytes) -> bytes:
    """Return a field of bytes; each here is shorter than 16,384."""
    size, head = len(data), bytes([number << 3 | 2])
    return head + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + data


def _open_token(_: bytes, __: object) -> bytes:
    return _field(3, to_dynamic_value({"value": TOKEN}).SerializeToString())


def _answer_nothing(_: bytes, __: object) -> bytes:
    return b""


def _add_ephemeral_methods(servicer: object, server: grpc.Server) -> None:
    _ADD_SERVICER(servicer, server)  # type: ignore[no-untyped-call]
    answers = {
        "ValidateEphemeralResourceConfig": _answer_nothing,
        "OpenEphemeralResource": _open_token,
        "CloseEphemeralResource": _answer_nothing,
    }
    methods = {name: grpc.unary_unary_rpc_method_handler(answer) for name, answer in answers.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))


_ADD_SERVICER = rpc.add_ProviderServicer_to_server


def main() -> None:
    with mock.patch("tf.gen.tfplugin_pb2_grpc.add_ProviderServicer_to_server", _add_ephemeral_methods):
        serve_terraform(Keeper())


if __name__ == "__main__":
    main()
