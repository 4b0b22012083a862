"""Stands in for a provider where its schemas are enough: for `terraform validate`. Terraform starts it like any other.

provider.py SCHEMAS, a file as `terraform providers schema -json` prints it. It refuses to be configured, and so can
neither plan nor apply. Rules that a provider has besides its schemas, on values and on what excludes what, it has not.
"""

# ruff: noqa: N802 (the protocol names its methods)

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from tf import runner
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.utils import read_dynamic_value

Json = dict[str, Any]


class SchemasOnly(rpc.ProviderServicer):
    def __init__(self, schemas: Json) -> None:
        (own,) = schemas["provider_schemas"].values()
        self._provider: Json = own["provider"]
        self._resources: Json = own["resource_schemas"]
        self._data_sources: Json = own["data_source_schemas"]

    def GetProviderSchema(self, request: object, context: object) -> pb.GetProviderSchema.Response:
        return pb.GetProviderSchema.Response(
            provider=schema(self._provider),
            resource_schemas={name: schema(each) for name, each in self._resources.items()},
            data_source_schemas={name: schema(each) for name, each in self._data_sources.items()},
        )

    def ValidateProviderConfig(self, request: object, context: object) -> pb.ValidateProviderConfig.Response:
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(
        self, request: pb.ValidateResourceConfig.Request, context: object
    ) -> pb.ValidateResourceConfig.Response:
        return pb.ValidateResourceConfig.Response(diagnostics=refused(self._resources[request.type_name], request))

    def ValidateDataResourceConfig(
        self, request: pb.ValidateDataResourceConfig.Request, context: object
    ) -> pb.ValidateDataResourceConfig.Response:
        return pb.ValidateDataResourceConfig.Response(
            diagnostics=refused(self._data_sources[request.type_name], request)
        )

    def ConfigureProvider(self, request: object, context: object) -> pb.ConfigureProvider.Response:
        return pb.ConfigureProvider.Response(diagnostics=[error("this provider has nothing but schemas")])


def schema(written: Json) -> pb.Schema:
    return pb.Schema(block=block(written["block"]))


def block(written: Json) -> pb.Schema.Block:
    return pb.Schema.Block(
        attributes=[attribute(name, each) for name, each in written["attributes"].items()],
        block_types=[nested(name, each) for name, each in written["block_types"].items()],
    )


def attribute(name: str, written: Json) -> pb.Schema.Attribute:
    flags = {flag: value for flag, value in written.items() if flag != "type"}
    return pb.Schema.Attribute(name=name, type=json.dumps(written["type"]).encode(), **flags)


def nested(name: str, written: Json) -> pb.Schema.NestedBlock:
    limits = {limit: written[limit] for limit in ("min_items", "max_items") if limit in written}
    nesting = pb.Schema.NestedBlock.NestingMode.Value(written["nesting_mode"].upper())
    return pb.Schema.NestedBlock(type_name=name, nesting=nesting, block=block(written["block"]), **limits)


def error(summary: str) -> pb.Diagnostic:
    return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary)


def refused(
    written: Json, request: pb.ValidateResourceConfig.Request | pb.ValidateDataResourceConfig.Request
) -> list[pb.Diagnostic]:
    """Terraform leaves it to providers to refuse values for what only they can give."""
    given = read_dynamic_value(request.config)
    return [error(f"{request.type_name} takes no value for {name}") for name in not_taken(written["block"], given)]


def not_taken(written: Json, given: Json) -> Iterator[str]:
    for name, each in written["attributes"].items():
        if given[name] is not None and not ("optional" in each or "required" in each):
            yield name
    for name, each in written["block_types"].items():
        # What is not known yet is no list, and no dictionary either.
        blocks = given[name] if isinstance(given[name], list) else [given[name]]
        for one in blocks:
            if isinstance(one, dict):
                yield from (f"{name}.{inner}" for inner in not_taken(each["block"], one))


def main() -> None:
    served = SchemasOnly(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    # The package makes its own servicer, of a provider written its own way; there is no other way in.
    with mock.patch("tf.provider.ProviderServicer", return_value=served):
        runner.run_provider(mock.sentinel.provider, sys.argv)


if __name__ == "__main__":
    main()
