"""What providers of protocol 6 in Python share: answers that change nothing, and their package in a mirror."""

# ruff: noqa: N802 (the protocol names its methods)

import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from types import ModuleType

import grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.utils import to_dynamic_value

_ROOT = Path(__file__).parents[2]
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class PlainProvider(rpc.ProviderServicer):
    """Each configuration is valid, and a resource stays as it is."""

    def ValidateProviderConfig(self, request: object, context: object) -> pb.ValidateProviderConfig.Response:
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(
        self, request: pb.ConfigureProvider.Request, context: object
    ) -> pb.ConfigureProvider.Response:
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request: object, context: object) -> pb.StopProvider.Response:
        return pb.StopProvider.Response()

    def ValidateResourceConfig(self, request: object, context: object) -> pb.ValidateResourceConfig.Response:
        return pb.ValidateResourceConfig.Response()

    def UpgradeResourceState(
        self, request: pb.UpgradeResourceState.Request, context: object
    ) -> pb.UpgradeResourceState.Response:
        return pb.UpgradeResourceState.Response(upgraded_state=to_dynamic_value(json.loads(request.raw_state.json)))

    def ReadResource(self, request: pb.ReadResource.Request, context: object) -> pb.ReadResource.Response:
        return pb.ReadResource.Response(new_state=request.current_state)


def serve_terraform(provider: PlainProvider) -> None:
    """Serve the Terraform that started this process."""
    # Most of these processes are warm ones, which need neither.
    from unittest import mock

    from tf import runner

    # The package makes its own servicer, of a provider written its own way; there is no other way in.
    with mock.patch("tf.provider.ProviderServicer", return_value=provider):
        runner.run_provider(mock.sentinel.provider, sys.argv)


def is_warm() -> bool:
    """Return whether envctl has started this process, and not Terraform."""
    return "PLUGIN_CLIENT_CERT" not in os.environ


def serve_plainly(
    provider: rpc.ProviderServicer,
    add: Callable[[rpc.ProviderServicer, grpc.Server], object] = rpc.add_ProviderServicer_to_server,
) -> None:
    """Serve without TLS, as go-plugin does without a certificate of its client."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    add(provider, server)
    with tempfile.TemporaryDirectory(dir=os.environ["PLUGIN_UNIX_SOCKET_DIR"]) as folder:
        server.add_insecure_port(f"unix://{folder}/s")
        server.start()
        sys.stdout.write(f"1|6|unix|{folder}/s|grpc|\n")
        sys.stdout.flush()
        server.wait_for_termination()


def format_program(provider: ModuleType) -> str:
    """Return the command line that runs such a module as a provider."""
    return shlex.join(("/usr/bin/env", f"PYTHONPATH={_ROOT}", sys.executable, "-m", provider.__name__))


def add_package(mirror: Path, address: str, version: str) -> Path:
    """Make the folder of a package for this machine in a mirror, and return the path of its program."""
    machine = platform.machine().lower()
    system = f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"
    program = mirror / address / version / system / f"terraform-provider-{address.rpartition('/')[2]}_v{version}"
    program.parent.mkdir(parents=True)
    return program


def install_native(program: Path, command: str, script: Path) -> dict[str, str]:
    """Put a copy of bash in place of `program`, and return the variables with which it runs `command`.

    envctl keeps only native programs warm. Any other bash goes its own way.
    """
    shutil.copyfile("/bin/bash", program)
    program.chmod(0o755)
    script.write_text(f'case "$0" in *{program.name}*) unset BASH_ENV; exec {command} ;; esac\n')
    return {"BASH_ENV": os.fspath(script)}


def write_configuration(file: Path, mirror: Path) -> dict[str, str]:
    """Write a configuration that leads Terraform to a mirror alone; return the variable that names it."""
    file.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    return {"TF_CLI_CONFIG_FILE": os.fspath(file)}
