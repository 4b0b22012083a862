"""Programs that give a token, as kubeconfigs name them: real ones, run as client-go would."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.kubernetes.exec_plugin import MARGIN, ExecPlugin
from envctl.adapters.kubernetes.kubeconfig import Kubeconfigs
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.adapters.kubernetes.test_kubeconfig import CLUSTER, config

V1 = "client.authentication.k8s.io/v1"


class Program:
    """A script that counts its runs, and writes what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plugin"
        self.folder = folder
        self.answer = folder / "answer"

    def write(self, body: str) -> None:
        self.path.write_text(
            f"#!{sys.executable}\nimport os, sys, time\nopen('{self.folder}/runs', 'a').write('x')\n{body}\n"
        )
        self.path.chmod(0o755)

    def give(self, **status: object) -> None:
        self.answer.write_text(json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": status}))
        self.write(f"print(open('{self.answer}').read())")

    @property
    def runs(self) -> int:
        return len((self.folder / "runs").read_text())

    def connect(self, cluster: dict[str, Any] | None = None, **entry: object) -> ClusterConnection:
        user = {"exec": {"apiVersion": V1, "command": str(self.path), "interactiveMode": "Never", **entry}}
        file = self.folder / "config"
        file.write_text(config({**CLUSTER, **(cluster or {})}, user))
        return Kubeconfigs({"KUBECONFIG": str(file), "PATH": os.environ["PATH"]}).find_context("dev")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def refusal(connection: ClusterConnection) -> tuple[str, str, str]:
    with pytest.raises(OperationFailedError) as refused:
        connection.headers()
    [problem] = refused.value.problems
    return problem.code, problem.message, problem.hint


def test_token_is_kept_until_it_is_refused(program: Program) -> None:
    program.give(token="t1")
    connection = program.connect()
    assert [connection.headers()["Authorization"] for _ in range(2)] == ["Bearer t1"] * 2
    assert program.runs == 1
    program.give(token="t2")
    assert connection.renew_credentials()
    assert connection.headers() == {"Authorization": "Bearer t2"}


def test_token_is_renewed_before_it_ends(program: Program) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    now = [start]
    program.give(token="t1", expirationTimestamp="2026-01-01T00:10:00Z")
    plugin = ExecPlugin(
        command=[str(program.path)], environ=os.environ, api_version=V1, described="the context dev", now=lambda: now[0]
    )
    assert plugin.load().token == "t1"
    now[0] = start + timedelta(minutes=10) - 2 * MARGIN
    assert plugin.load().token == "t1"
    assert program.runs == 1
    now[0] = start + timedelta(minutes=10)
    plugin.load()
    assert program.runs == 2


def test_certificate_of_a_program_is_used(program: Program) -> None:
    program.give(clientCertificateData="CERT", clientKeyData="KEY")
    connection = program.connect()
    found = connection.client_certificate()
    assert found is not None
    assert (found.certificate, found.key) == ("CERT", "KEY")
    assert connection.headers() == {}


def test_program_gets_its_arguments_and_variables(program: Program) -> None:
    body = (
        "import json; print(json.dumps({'kind': 'ExecCredential', 'apiVersion': '%s', 'status': "
        "{'token': sys.argv[1].encode().hex() + os.environ['NAME']}}))"
    )
    program.write(body % V1)
    connection = program.connect(args=["$(id) 'a'"], env=[{"name": "NAME", "value": "v"}])
    assert connection.headers() == {"Authorization": f"Bearer {b'$(id) '.hex()}276127v"}


def test_program_is_told_of_the_cluster_if_it_asks(program: Program) -> None:
    program.write(
        f"open('{program.folder}/info', 'w').write(os.environ['KUBERNETES_EXEC_INFO'])\n"
        'print(\'{"kind": "ExecCredential", "apiVersion": "%s", "status": {"token": "t"}}\')' % V1
    )
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}
    program.connect({"extensions": [extension]}, provideClusterInfo=True).headers()
    info = json.loads((program.folder / "info").read_text())
    assert info["spec"]["interactive"] is False
    assert info["spec"]["cluster"]["server"] == CLUSTER["server"]
    assert info["spec"]["cluster"]["config"] == {"audience": "a"}
    program.connect().headers()
    assert "cluster" not in json.loads((program.folder / "info").read_text())["spec"]


def test_path_of_a_program_begins_at_its_kubeconfig(program: Program) -> None:
    program.give(token="t")
    assert program.connect(command="./plugin").headers() == {"Authorization": "Bearer t"}


def test_missing_program_is_told_with_its_install_hint(program: Program) -> None:
    code, message, hint = refusal(program.connect(command="no-such-plugin", installHint="see https://example\nmore"))
    assert code == "E634"
    assert message == "no-such-plugin gives no token for the context dev: it is not installed"
    assert hint == "see https://example"


def test_failing_program_is_told_with_its_last_line(program: Program) -> None:
    program.write("print('Token: hidden'); sys.exit('first\\nUnable to locate credentials')")
    code, message, _ = refusal(program.connect())
    assert code == "E634"
    assert message.endswith("exit code 1: Unable to locate credentials")
    assert "hidden" not in message


def test_hanging_program_is_ended_with_its_children(program: Program) -> None:
    program.write("import subprocess; subprocess.run(['sleep', '30'])")
    plugin = ExecPlugin(
        command=[str(program.path)], environ=os.environ, api_version=V1, described="the context dev", seconds=0.5
    )
    with pytest.raises(OperationFailedError, match=r"it did not end within 0\.5 seconds"):
        plugin.load()


ANSWERS: dict[str, object] = {
    "no JSON": "hidden",
    "a list": [],
    "another kind": {"kind": "Status", "apiVersion": V1, "status": {"token": "hidden"}},
    "another version": {"kind": "ExecCredential", "apiVersion": f"{V1}beta1", "status": {"token": "hidden"}},
    "no status": {"kind": "ExecCredential", "apiVersion": V1},
    "an empty token": {"kind": "ExecCredential", "apiVersion": V1, "status": {"token": ""}},
    "a certificate without key": {
        "kind": "ExecCredential", "apiVersion": V1, "status": {"clientCertificateData": "hidden"},
    },
    "a token with a line break": {"kind": "ExecCredential", "apiVersion": V1, "status": {"token": "hid\nden"}},
    "an end that is no time": {
        "kind": "ExecCredential", "apiVersion": V1, "status": {"token": "hidden", "expirationTimestamp": "soon"},
    },
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_unusable_answer_is_an_error_and_never_quoted(program: Program, answer: object) -> None:
    program.give()
    program.answer.write_text(json.dumps(answer))
    code, message, _ = refusal(program.connect())
    assert code == "E634"
    assert "hid" not in message
