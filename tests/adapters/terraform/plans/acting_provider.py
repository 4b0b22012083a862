"""A provider with an action and with a resource that has empty blocks. envctl or Terraform starts it.

acting_provider.py FILE: each action that is invoked adds a line to the file. The package knows the protocol of before
there were actions: what has to do with them is written here byte by byte.
"""

# ruff: noqa: N802 (the protocol names its methods)

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.utils import read_dynamic_value

from tests.faults.python_provider import is_warm, serve_plainly

SERVICE = "tfplugin6.Provider"
ACTION = "demo_note"
# Fields of the protocol: the schemas of actions in what a provider tells, and the configuration in what it is asked.
ACTION_SCHEMAS, KEY, VALUE, SCHEMA = 11, 1, 2, 1
CONFIG = 2
PROGRESS, COMPLETED = 1, 2


def field(number: int, content: bytes) -> bytes:
    """One field that has a length."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def text(name: str, *, required: bool = False) -> pb.Schema.Attribute:
    return pb.Schema.Attribute(name=name, type=b'"string"', required=required, optional=not required)


def nested(name: str, block: pb.Schema.Block) -> pb.Schema.NestedBlock:
    return pb.Schema.NestedBlock(type_name=name, nesting=pb.Schema.NestedBlock.LIST, block=block, max_items=1)


EMPTY = pb.Schema.Block()
RULE = pb.Schema.Block(
    attributes=[text("name", required=True)],
    block_types=[
        nested("default_action", pb.Schema.Block(block_types=[nested("allow", EMPTY), nested("block", EMPTY)]))
    ],
)
NOTE = pb.Schema(block=pb.Schema.Block(attributes=[text("text", required=True)]))


class Acting(rpc.ProviderServicer):
    def GetProviderSchema(self, request: object, context: object) -> pb.GetProviderSchema.Response:
        told = pb.GetProviderSchema.Response(
            provider=pb.Schema(block=EMPTY), resource_schemas={"demo_rule": pb.Schema(block=RULE)}
        )
        action = field(KEY, ACTION.encode()) + field(VALUE, field(SCHEMA, NOTE.SerializeToString()))
        told.MergeFromString(field(ACTION_SCHEMAS, action))
        return told

    def ValidateProviderConfig(self, request: object, context: object) -> pb.ValidateProviderConfig.Response:
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: object, context: object) -> pb.ValidateResourceConfig.Response:
        return pb.ValidateResourceConfig.Response()

    def ConfigureProvider(self, request: object, context: object) -> pb.ConfigureProvider.Response:
        return pb.ConfigureProvider.Response()

    def UpgradeResourceState(
        self, request: pb.UpgradeResourceState.Request, context: object
    ) -> pb.UpgradeResourceState.Response:
        return pb.UpgradeResourceState.Response(upgraded_state=pb.DynamicValue(json=request.raw_state.json))

    def ReadResource(self, request: pb.ReadResource.Request, context: object) -> pb.ReadResource.Response:
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(
        self, request: pb.PlanResourceChange.Request, context: object
    ) -> pb.PlanResourceChange.Response:
        return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)

    def ApplyResourceChange(
        self, request: pb.ApplyResourceChange.Request, context: object
    ) -> pb.ApplyResourceChange.Response:
        return pb.ApplyResourceChange.Response(new_state=request.planned_state)

    def StopProvider(self, request: object, context: object) -> pb.StopProvider.Response:
        return pb.StopProvider.Response()


def configured(request: bytes) -> str:
    """The only argument of the action."""
    # Both messages have the configuration in the same place, and the others' fields are of the same kinds.
    told = pb.ValidateResourceConfig.Request.FromString(request)
    return str(read_dynamic_value(told.config)["text"])


def actions(file: Path) -> grpc.GenericRpcHandler:
    def invoke(request: bytes, context: object) -> Iterator[bytes]:
        with file.open("a") as out:
            out.write(f"{configured(request)}\n")
        yield field(PROGRESS, field(1, b"half of it"))
        yield field(COMPLETED, b"")

    def nothing(request: bytes, context: object) -> bytes:
        return b""

    raw: Callable[[bytes], bytes] = bytes
    of_one = grpc.unary_unary_rpc_method_handler(nothing, raw, raw)
    of_many = grpc.unary_stream_rpc_method_handler(invoke, raw, raw)
    return grpc.method_handlers_generic_handler(
        SERVICE, {"PlanAction": of_one, "ValidateActionConfig": of_one, "InvokeAction": of_many}
    )


def main() -> None:
    handler, add = actions(Path(sys.argv[1])), rpc.add_ProviderServicer_to_server

    def added(servicer: object, server: grpc.Server) -> None:
        # First who knows the actions: the package says of them that nobody does.
        server.add_generic_rpc_handlers((handler,))
        add(servicer, server)  # type: ignore[no-untyped-call]

    if is_warm():
        serve_plainly(Acting(), added)
    from unittest import mock

    from tf import runner

    # The package makes its own servicer, of a provider written its own way; there is no other way in.
    with (
        mock.patch("tf.provider.ProviderServicer", return_value=Acting()),
        mock.patch("tf.gen.tfplugin_pb2_grpc.add_ProviderServicer_to_server", added),
    ):
        runner.run_provider(mock.sentinel.provider, sys.argv)


if __name__ == "__main__":
    main()
