"""One Ctrl-C while the real command waits for a store or a cluster that accepts connections and never answers."""

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from envctl.adapters.terraform.process import binary
from tests.by_day import keep_by_day
from tests.documents import parse_document
from tests.e2e.conftest import Project, wait_until
from tests.e2e.project_text import render_project
from tests.silent_server import SilentServer, run_silent_server

# The promise is 5 seconds. A machine with other work takes longer; without the promise it is minutes.
LIMIT = 20
STORE = '\n[store]\nurl = "s3://small-store/envctl"\nregion = "eu-central-1"\n'
KEYS = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    with run_silent_server() as server:
        yield server


def interrupt(process: "subprocess.Popen[str]", silent: SilentServer) -> tuple[int, str, str]:
    """Send one Ctrl-C once the command waits for the server; return its exit code and outputs."""
    wait_until(lambda: silent.was_reached.is_set() or process.poll() is not None)
    time.sleep(0.5)
    assert process.poll() is None, process.communicate()
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < LIMIT
    assert "Traceback" not in err
    return process.returncode, out, err


@pytest.mark.parametrize(
    "line", keep_by_day(["drift dev", "ledger verify", "plan dev", "status"], "drift dev", "ledger verify")
)
def test_interrupt_ends_wait_for_silent_store(small: Project, silent: SilentServer, line: str) -> None:
    small.write("envctl.toml", (small.root / "envctl.toml").read_text() + STORE)
    place = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{silent.port}"}
    project = replace(small, extra=KEYS | place)
    code, out, _ = interrupt(project.start(*line.split(), "--json"), silent)
    assert (code, parse_document(out)["problems"][0]["code"]) == (130, "E312")


@pytest.mark.night
def test_interrupt_ends_apply_that_waits_for_aws(small: Project, silent: SilentServer) -> None:
    """It asks whose the keys are, before it reads the store."""
    owner = 'account_id = "123456789012"\n'
    small.write("envctl.toml", (small.root / "envctl.toml").read_text() + STORE + owner)
    project = replace(small, extra=KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.port}"})
    code, out, _ = interrupt(project.start("apply", "dev", "--yes", "--json"), silent)
    assert (code, parse_document(out)["problems"][0]["code"]) == (130, "E312")


def test_interrupt_ends_plan_of_silent_cluster(tmp_path: Path, home: Path, silent: SilentServer) -> None:
    parts = {
        "clusters": {"cluster": {"server": f"https://127.0.0.1:{silent.port}"}},
        "users": {"user": {"token": "sandbox"}},
        "contexts": {"context": {"cluster": "dev", "user": "dev"}},
    }
    config = {"apiVersion": "v1", "kind": "Config"} | {key: [{"name": "dev"} | each] for key, each in parts.items()}
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    extra = {"KUBECONFIG": str(tmp_path / "kubeconfig"), "ENVCTL_KUBECTL": find_tool(KUBECTL)}
    project = Project(tmp_path / "shop", home, extra)
    stack = 'kind = "kubernetes"\npath = "web"\nkubeconfig_context = "dev"\nnamespace = "shop"\n'
    project.write("envctl.toml", render_project("shop", {"web": stack}, ("dev",)))
    project.write("web/kustomization.yaml", "resources: [page.yaml]\n")
    project.write(
        "web/page.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: page }\ndata: { color: green }\n"
    )
    code, out, _ = interrupt(project.start("apply", "dev", "--yes", "--json"), silent)
    assert (code, parse_document(out)["problems"][0]["code"]) == (130, "E311")
    assert project.run_checked("history", "dev", "--json").document["result"]["entries"] == []


STUBBORN = """#!/bin/sh
if [ "$1" = plan ]; then
    trap "" INT
    touch "{0}/planning-$$"
    sleep 100 & wait
    sleep 100
fi
exec {1} "$@"
"""


@pytest.mark.night
@pytest.mark.terraform
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_plan_starts_no_deployment(small: Project, number: signal.Signals) -> None:
    small.write("terraform", STUBBORN.format(small.root, shlex.join(binary.find_embedded())))
    (small.root / "terraform").chmod(0o755)
    process = replace(small, extra={"ENVCTL_TERRAFORM": str(small.root / "terraform")}).start(
        "apply", "dev", "--yes", "--json"
    )
    wait_until(lambda: list(small.root.glob("planning-*")) or process.poll() is not None)
    began = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert time.monotonic() - began < LIMIT
    (problem,) = parse_document(out)["problems"]
    assert (process.returncode, problem["code"], problem["stack"]) == (130, "E311", "base")
    assert small.run_checked("history", "dev", "--json").document["result"]["entries"] == []
    for each in small.root.glob("planning-*"):
        assert not Path("/proc", each.name.partition("-")[2]).exists()
    small.run_checked("apply", "dev", "--yes")
