"""`python -m kube_api_emulator` serves a cluster until a signal."""

import json
import re
import signal
import socket
from pathlib import Path

import pytest

from kube_api_emulator.versions import RULES_VERSION
from tests.process import run_program, serve_cluster
from tests.programs import find_kubectl

FOREIGN = {"current-context": "prod", "clusters": [{"name": "prod", "cluster": {"server": "https://127.0.0.1:1"}}]}
OWN = FOREIGN | {"current-context": "emulator"}
REMOTE = OWN | {"clusters": [{"name": "emulator", "cluster": {"server": "https://example.com"}}]}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_process_serves_until_a_signal(tmp_path: Path, number: int) -> None:
    with serve_cluster(tmp_path / "kubeconfig", "--namespace=shop") as served:
        line = rf"Kubernetes {RULES_VERSION} on https://127\.0\.0\.1:\d+, kubeconfig {served.kubeconfig}\n"
        assert re.fullmatch(line, served.line)
        assert served.kubeconfig.stat().st_mode & 0o777 == 0o600
        assert json.loads(served.kubeconfig.read_text())["contexts"][0]["context"]["namespace"] == "shop"
        assert served.stop(number) == 0
        assert (served.process.stderr and served.process.stderr.read()) == ""
        assert list(tmp_path.iterdir()) == []


def test_kubectl_and_helm_use_the_process(tmp_path: Path, helm_path: Path) -> None:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "templates" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n")
    with serve_cluster(tmp_path / "kubeconfig") as served:
        served.run(find_kubectl(), "create", "deployment", "web", "--image=nginx")
        waited = served.run(find_kubectl(), "rollout", "status", "deployment/web", "--timeout=20s")
        assert "successfully rolled out" in waited
        served.run(helm_path, "install", "web", chart, "--wait", "--timeout=20s")
        assert served.run(find_kubectl(), "get", "configmap", "a", "--output=name") == "configmap/a\n"


def test_roles_decide_in_the_process(tmp_path: Path) -> None:
    with serve_cluster(tmp_path / "kubeconfig") as served:
        asked = [find_kubectl(), "auth", "can-i", "list", "pods"]
        assert served.run(*asked) == "yes\n"
        with pytest.raises(AssertionError, match="no"):
            served.run(*asked, "--as=maria")


def test_kubeconfig_of_another_process_stays(tmp_path: Path) -> None:
    with serve_cluster(tmp_path / "kubeconfig") as served:
        served.kubeconfig.write_text("another")
        assert served.stop(signal.SIGTERM) == 0
        assert served.kubeconfig.read_text() == "another"


def test_kubeconfig_of_an_ended_process_is_replaced(tmp_path: Path) -> None:
    with serve_cluster(tmp_path / "kubeconfig") as killed:
        killed.stop(signal.SIGKILL)
    before = killed.kubeconfig.read_text()
    with serve_cluster(tmp_path / "kubeconfig") as served:
        assert served.kubeconfig.read_text() != before


def test_kubeconfig_of_a_running_process_is_refused(tmp_path: Path) -> None:
    with serve_cluster(tmp_path / "kubeconfig"):
        code, _, message = run_program("--kubeconfig=kubeconfig", folder=tmp_path)
    expected = r"kubeconfig belongs to the running cluster https://127\.0\.0\.1:\d+; stop that, or use another file\n"
    assert (code, bool(re.fullmatch(expected, message))) == (2, True)


WRONG = {
    "no kubeconfig": ((), "the following arguments are required: --kubeconfig; "),
    "a folder that is missing": (("--kubeconfig=missing/file",), "the folder of missing/file does not exist"),
    "a folder": (("--kubeconfig=.",), ". is a folder; name a file"),
    "a kubeconfig of a user": (("--kubeconfig=foreign",), "foreign exists and is not overwritten: "),
    "a kubeconfig of a server elsewhere": (("--kubeconfig=remote",), "remote exists and is not overwritten: "),
    "a file in YAML": (("--kubeconfig=text",), "text exists and is not overwritten: "),
    "a file of devices": (("--kubeconfig=/dev/null",), "/dev/null exists and is not overwritten: "),
    "a folder of the kernel": (("--kubeconfig=/proc/file",), "/proc/file.DRAFT: No such file or directory"),
    "a taken port": (("--kubeconfig=new", "--port=TAKEN"), "port TAKEN is taken; use another --port, or 0 "),
    "no port": (("--kubeconfig=new", "--port=65536"), "argument --port: invalid port '65536', use 0 to 65535; "),
    "no version": (("--kubeconfig=new", "--version=new"), "argument --version: invalid version 'new', use for "),
    "no name of a namespace": (
        ("--kubeconfig=new", "--namespace=A"),
        'invalid --namespace: Namespace "A" is invalid: ',
    ),
    "an unknown option": (("--kubeconfig=new", "--nodes=3"), "unrecognized arguments: --nodes=3; "),
}


@pytest.mark.parametrize(("options", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_options_give_one_line(tmp_path: Path, options: tuple[str, ...], expected: str) -> None:
    for name, content in (("foreign", FOREIGN), ("remote", REMOTE)):
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "text").write_text("current-context: emulator\n")
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, printed, message = run_program(*(each.replace("TAKEN", port) for each in options), folder=tmp_path)
    message = re.sub(r"\.\d+\.draft", ".DRAFT", message)
    assert (code, printed, message.count("\n")) == (2, "", 1)
    assert message.startswith(expected.replace("TAKEN", port))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_version_with_rules_of_another_gives_a_warning(tmp_path: Path) -> None:
    with serve_cluster(tmp_path / "kubeconfig", "--version=v1.34.2") as served:
        assert served.line.startswith("Kubernetes 1.34 on ")
        assert "v1.34" in served.run(find_kubectl(), "version")
        served.stop(signal.SIGTERM)
        assert served.process.stderr
        message = served.process.stderr.read()
        assert (message.startswith("Warning: "), message.count("\n")) == (True, 1)
