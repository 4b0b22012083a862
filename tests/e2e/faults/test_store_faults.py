"""The real command with its store in S3, as on a user's machine: through a proxy of the company, on a bad day."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aws_api_emulator.exchange import Request

from envctl.adapters.sandbox.lifecycle import Bucket, Sandbox
from tests.e2e.conftest import Project
from tests.faults.faults import (
    EXPIRED,
    WRONG_REGION,
    Dropped,
    Fault,
    FaultPlan,
    LostResponse,
    clock_skew_error,
    fail_always,
    fail_randomly,
    is_list,
    is_write,
    no_fault,
    refuse_other_owners,
)
from tests.faults.proxy import FaultyProxy

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox]

STORE = Bucket("small-envctl-store", "ap-northeast-1", "123456789012")
STORE_TABLE = f"""
[store]
url = "s3://{STORE.name}/envctl"
region = "{STORE.region}"
account_id = "{STORE.account_id}"
"""


@pytest.fixture(scope="module")
def one_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyProxy]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    with FaultyProxy(sandbox.start(buckets=[STORE]), tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy
    sandbox.stop()


@pytest.fixture
def proxy(one_proxy: FaultyProxy) -> Iterator[FaultyProxy]:
    one_proxy.asked.clear()
    yield one_proxy
    one_proxy.plan = no_fault


@pytest.fixture
def afar(small: Project, proxy: FaultyProxy, tmp_path: Path) -> Project:
    """Each test has a prefix of its own in the bucket."""
    toml = (small.root / "envctl.toml").read_text()
    small.write("envctl.toml", toml + STORE_TABLE.replace("/envctl", f"/{tmp_path.name}"))
    return replace(small, extra=proxy.build_environment())


def kinds(project: Project, environment: str) -> list[str]:
    entries = project.run_checked("history", environment, "--json").document["result"]["entries"]
    return [entry["event"]["kind"] for entry in entries]


def test_deployment_survives_lost_responses_to_writes(afar: Project, proxy: FaultyProxy) -> None:
    proxy.plan = each_first_write(LostResponse())
    afar.run_checked("apply", "dev", "--yes")
    assert any(fault == LostResponse() for _, fault in proxy.asked)
    proxy.plan = no_fault
    assert kinds(afar, "dev") == ["verification passed", "deployment succeeded", "deployment started"]
    afar.run_checked("ledger", "verify")
    afar.run_checked("promote", "dev", "staging", "--yes")


def each_first_write(fault: Fault) -> FaultPlan:
    """Of each object."""
    met: set[str] = set()

    def plan(request: Request) -> Fault | None:
        if not is_write(request) or request.target in met:
            return None
        met.add(request.target)
        return fault

    return plan


@pytest.mark.night
def test_loss_of_every_fifth_request_goes_unnoticed(afar: Project, proxy: FaultyProxy) -> None:
    proxy.plan = fail_randomly(0.2, Dropped(), seed=3)
    afar.run_checked("apply", "dev", "--yes")
    afar.run_checked("status")
    proxy.plan = no_fault
    assert kinds(afar, "dev") == ["verification passed", "deployment succeeded", "deployment started"]


# What each answer of S3 comes to is held by tests/contract/test_store_faults.py.
SAID: dict[str, tuple[Fault, str]] = {
    "E451": (WRONG_REGION, 'write region = "eu-west-1" into [store]'),
    "E453": (EXPIRED, "sign in again"),
    "E458": (clock_skew_error("20260101T001000Z", "2026-01-01T00:30:00Z"), "set the clock"),
}


def test_store_fault_is_reported_with_its_fix(afar: Project, proxy: FaultyProxy) -> None:
    for code, (fault, hint) in SAID.items():
        proxy.plan = fail_always(fault, bucket_asked)
        ran = afar.run("status", "--json")
        assert (ran.code, ran.codes) == (1, [code])
        assert hint in ran.document["problems"][0]["hint"]


def bucket_asked(request: Request) -> bool:
    return is_list(request) or request.method == "HEAD"


def test_bucket_of_another_owner_gets_nothing(afar: Project, proxy: FaultyProxy) -> None:
    proxy.plan = refuse_other_owners("999999999999")
    ran = afar.run("apply", "dev", "--yes", "--json")
    assert (ran.code, ran.codes) == (1, ["E454"])
    proxy.plan = no_fault
    assert kinds(afar, "dev") == []


def test_missing_bucket_is_reported(afar: Project) -> None:
    toml = (afar.root / "envctl.toml").read_text()
    afar.write("envctl.toml", toml.replace(STORE.name, "no-such-bucket-anywhere"))
    ran = afar.run("status", "--json")
    assert (ran.code, ran.codes) == (1, ["E450"])
    assert "envctl bootstrap" in ran.document["problems"][0]["hint"]


def test_missing_credentials_are_reported(afar: Project) -> None:
    extra = {name: value for name, value in afar.extra.items() if "KEY" not in name}
    ran = replace(afar, extra=extra).run("status", "--json")
    assert (ran.code, ran.codes) == (1, ["E453"])
    assert "AWS credentials are missing" in ran.document["problems"][0]["message"]
