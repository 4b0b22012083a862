"""One Ctrl-C while the real AWS provider waits for a server that accepts connections and never answers."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.adapters.terraform import driver
from envctl.domain.errors import InterruptedByUserError, Problem
from envctl.domain.release.bundle import File
from envctl.domain.release.place.backend import Backend
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import STACK, Bench
from tests.silent_server import SilentServer, run_silent_server

pytestmark = pytest.mark.terraform

REGION, ACCOUNT, STATE = "ap-northeast-1", "111111111111", "state"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/envctl-deployer"
# The promise is 5 seconds. A machine with other work takes longer; without the promise it is minutes.
LIMIT = 45
CODE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                  = "ap-northeast-1"
  skip_metadata_api_check = true
  endpoints {
    sts = "http://127.0.0.1:PORT"
  }
}

data "aws_caller_identity" "me" {}
"""
BOB = {"ID": "b0b", "Who": "bob@ci", "Operation": "OperationTypePlan", "Path": "x", "Created": "2026-11-25T03:29:18Z"}


class Hanging:
    """A plan that waits for a silent server, with the lock of its state."""

    def __init__(self, bench: Bench, sandbox: RunningSandbox, server: SilentServer, kind: str) -> None:
        self.bench, self._server = bench, server
        self._s3: Any = open_s3(sandbox) if kind == "s3" else None
        bench.inherited |= sandbox.build_environment({}) | {"PATH": bench.inherited["PATH"]}
        settings = {"bucket": STATE, "region": REGION, "use_lockfile": True, "assume_role": {"role_arn": ROLE}}
        backend = Backend(kind, settings if kind == "s3" else {}, f"{bench.root.name}/dev")
        keys = backend.settings_for_stack(STACK, root="app")
        code = {"app/main.tf": File(CODE.replace("PORT", str(server.port)).encode())}
        bench.workspace.write_tree("dev", STACK, "app", code, GeneratedFiles({"terraform": {"backend": {kind: keys}}}))
        self._lock_key = f"{keys.get('key')}.tflock"
        bench.driver.init("dev", PreparedStack(STACK, root="app"), None)

    def find_lock(self) -> dict[str, Any] | None:
        """Return who holds the lock."""
        if self._s3 is None:
            files = list(self.bench.root.rglob(".*.lock.info"))
            return json.loads(files[0].read_text()) if files else None
        try:
            return dict(json.load(self._s3.get_object(Bucket=STATE, Key=self._lock_key)["Body"]))
        except self._s3.exceptions.NoSuchKey:
            return None

    def write_lock(self, holder: dict[str, str]) -> None:
        self._s3.put_object(Bucket=STATE, Key=self._lock_key, Body=json.dumps(holder))

    def interrupt(self, before: Callable[[], object]) -> Problem:
        """Plan, and send one Ctrl-C once the provider waits, after `before`. Return the problem."""
        sent: list[float] = []

        def send_signal() -> None:
            if self._server.was_reached.wait(60):
                before()
                sent.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)

        sender = threading.Thread(target=send_signal)
        sender.start()

        def plan() -> None:
            self.bench.driver.plan("dev", PreparedStack(STACK, root="app"))

        with self.bench.driver.open_worker_pool() as pool:
            pool.submit("dev/web", plan)
            _, error = pool.wait_for_job()
        sender.join()
        assert time.monotonic() - sent[0] < LIMIT
        assert isinstance(error, InterruptedByUserError)
        (problem,) = error.problems
        assert problem.message.startswith("interrupted: Terraform did not stop plan of web in time, and was killed")
        wait_until(lambda: not list_processes(self.bench.root))
        return problem


def open_s3(sandbox: RunningSandbox) -> Any:
    """Return boto3 in the account of the state, past Terraform."""
    import boto3
    from botocore.config import Config

    config = Config(proxies={"https": sandbox.proxy_url}, retries={"max_attempts": 1})
    where: dict[str, Any] = {"region_name": REGION, "verify": str(sandbox.ca_file), "config": config}
    sts = boto3.client("sts", aws_access_key_id="sandbox", aws_secret_access_key="sandbox", **where)
    keys = sts.assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "s3",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        **where,
    )


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def list_processes(folder: Path) -> list[str]:
    """Return the command lines of all processes that work below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    with run_silent_server() as server:
        yield server


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[RunningSandbox]:
    directory = tmp_path_factory.mktemp("interrupted") / "sandbox"
    directory.mkdir()
    (directory / "mirror").symlink_to(unpacked_provider)
    sandbox = Sandbox(directory)
    yield sandbox.start(buckets=[Bucket(STATE, REGION, ACCOUNT)])
    sandbox.stop()


@pytest.fixture(autouse=True)
def wait_for_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the removal of a lock take its time: on a busy machine, Terraform starts slowly."""
    monkeypatch.setattr(driver, "UNLOCK_SECONDS", 30.0)


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_interrupted_plan_ends_soon_without_lock(
    bench: Bench, sandbox: RunningSandbox, silent: SilentServer, kind: str
) -> None:
    hanging, held = Hanging(bench, sandbox, silent, kind), list[Any]()
    problem = hanging.interrupt(lambda: held.append(hanging.find_lock()))
    assert held[0]["Operation"] == "OperationTypePlan"
    assert hanging.find_lock() is None
    assert problem.hint == "nothing was changed: run the command again"


@pytest.mark.night
def test_lock_of_another_person_stays(bench: Bench, sandbox: RunningSandbox, silent: SilentServer) -> None:
    hanging = Hanging(bench, sandbox, silent, "s3")
    problem = hanging.interrupt(lambda: hanging.write_lock(BOB))
    assert hanging.find_lock() == BOB
    assert "the Terraform state of web is locked by bob@ci for plan since 2026-11-25" in problem.message
    assert problem.hint.endswith("envctl recover dev")
