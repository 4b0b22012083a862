"""A provider of protocol 6 that writes down what Terraform asks of it, a line each, into the file $TALLY.

A `tally_mark` remembers which configuration made it. With `NUMBER FILE` in the file $TALLY.hold, the provider waits at
that question for the schema until the other file is there.

Started by Terraform it speaks TLS; handed over, it does not.
"""

# ruff: noqa: N802 (the protocol names its methods)

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf.gen import tfplugin_pb2 as pb
from tf.utils import read_dynamic_value, to_dynamic_value

from tests.faults.python_provider import PlainProvider, is_warm, serve_plainly, serve_terraform

ADDRESS, VERSION = "registry.terraform.io/acme/tally", "1.0.0"


def record(*words: str) -> None:
    with Path(os.environ["TALLY"]).open("a", encoding="utf-8") as file:
        file.write(f"{' '.join(words)} {os.getpid()}\n")


class Tally(PlainProvider):
    name = ""

    def GetProviderSchema(self, request: object, context: object) -> pb.GetProviderSchema.Response:
        fatal = Path(f"{os.environ['TALLY']}.fatal")
        if fatal.exists():
            fatal.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        _hold_schema()
        record("schema")
        return pb.GetProviderSchema.Response(provider=CONFIGURATION, resource_schemas={"tally_mark": MARK})

    def ConfigureProvider(
        self, request: pb.ConfigureProvider.Request, context: object
    ) -> pb.ConfigureProvider.Response:
        self.name = str(dict(read_dynamic_value(request.config) or {}).get("name") or "default")
        record("configure", self.name)
        return super().ConfigureProvider(request, context)

    def StopProvider(self, request: object, context: object) -> pb.StopProvider.Response:
        record("stop")
        return super().StopProvider(request, context)

    def ReadResource(self, request: pb.ReadResource.Request, context: object) -> pb.ReadResource.Response:
        record("read", self.name)
        return super().ReadResource(request, context)

    def ImportResourceState(
        self, request: pb.ImportResourceState.Request, context: object
    ) -> pb.ImportResourceState.Response:
        if request.id == "panic":
            _panic()
        state = to_dynamic_value({"id": request.id, "owner": self.name, "behave": None})
        found = pb.ImportResourceState.ImportedResource(type_name=request.type_name, state=state)
        return pb.ImportResourceState.Response(imported_resources=[found])

    def PlanResourceChange(
        self, request: pb.PlanResourceChange.Request, context: object
    ) -> pb.PlanResourceChange.Response:
        proposed: Mapping[str, Any] | None = read_dynamic_value(request.proposed_new_state)
        prior: Mapping[str, Any] | None = read_dynamic_value(request.prior_state)
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        _behave(proposed["behave"], "plan")
        owner = prior["owner"] if prior else self.name
        return pb.PlanResourceChange.Response(planned_state=to_dynamic_value({**proposed, "owner": owner}))

    def ApplyResourceChange(
        self, request: pb.ApplyResourceChange.Request, context: object
    ) -> pb.ApplyResourceChange.Response:
        planned = read_dynamic_value(request.planned_state)
        record("apply", self.name)
        if planned is not None:
            _behave(planned["behave"], "apply")
        return pb.ApplyResourceChange.Response(new_state=request.planned_state)


def _hold_schema() -> None:
    hold = Path(f"{os.environ['TALLY']}.hold")
    if not hold.exists():
        return
    number, _, file = hold.read_text().partition(" ")
    asked = Path(os.environ["TALLY"]).read_text().count("schema ")
    if asked + 1 == int(number):
        _wait_for(Path(file))


def _wait_for(file: Path) -> None:
    record("waiting")
    while not file.exists():
        time.sleep(0.02)


def _behave(how: str | None, phase: str) -> None:
    """Do what the resource asks for: `PHASE panic`, `PHASE hunger`, or `PHASE wait FILE`."""
    wanted, _, what = (how or "").partition(" ")
    if wanted != phase:
        return
    if what == "panic":
        _panic()
    if what == "hunger":
        held = [os.urandom(1 << 20) * 16 for _ in range(200)]
        record("fed", str(len(held)))
    _wait_for(Path(what.removeprefix("wait ")))


def _panic() -> None:
    sys.stderr.write("panic: the tally is lost\n\ngoroutine 1 [running]:\nmain.main()\n")
    sys.stderr.flush()
    os._exit(2)


def _text(name: str, **flags: Any) -> pb.Schema.Attribute:
    return pb.Schema.Attribute(name=name, type=b'"string"', **flags)


CONFIGURATION = pb.Schema(block=pb.Schema.Block(attributes=[_text("name", optional=True)]))
MARK = pb.Schema(
    block=pb.Schema.Block(
        attributes=[
            _text("id", optional=True, computed=True),
            _text("owner", computed=True),
            _text("behave", optional=True),
        ]
    )
)


def main() -> None:
    record("launch", "warm" if is_warm() else "ordinary")
    if is_warm():
        serve_plainly(Tally())
    serve_terraform(Tally())


if __name__ == "__main__":
    main()
