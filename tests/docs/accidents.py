"""What has gone wrong before a block is typed: killed, changed by hand, gone, or refused by AWS."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aws_api_emulator.exchange import Request

from tests.docs.deployed import dev_runs_a_release, prod_runs_a_release, staging_runs_a_release, the_buckets_are_there
from tests.docs.places import PEOPLE, Place
from tests.e2e.conftest import wait_until
from tests.faults.faults import DENIED, THROTTLED, Dropped, FaultPlan, fail_always, fail_first
from tests.modules.applying import OTHER_REGION

STATES = "shop-tfstate-111111111111"
# It takes a minute the first time, and ends at once ever after.
SLOW = """
resource "terraform_data" "migration" {{
  count = {count}
  provisioner "local-exec" {{
    command = "cd ../../../..; test -e migrating || {{ touch migrating; exec sleep 60; }}"
  }}
}}
"""


def an_apply_was_killed(place: Place) -> None:
    the_buckets_are_there(place)
    place.adds("modules/web/main.tf", SLOW.format(count=1))
    # Which runs beside web, and would be locked as well.
    _killed(place, "apply", "dev", once=lambda: _is_saved(place, "data"))


def _is_saved(place: Place, stack: str) -> bool:
    """By Terraform, which has nothing left to do there: it holds no lock any more."""
    if place.sandbox is None:
        states = place.root / ".envctl" / "state" / "dev"
        return (states / f"{stack}.tfstate").exists() and not (states / f".{stack}.tfstate.lock.info").exists()
    found = place.client("dev", "s3").list_objects_v2(Bucket=STATES, Prefix=f"dev/{stack}.")
    return [each["Key"] for each in found.get("Contents", [])] == [f"dev/{stack}.tfstate"]


def a_promotion_to_staging_was_killed(place: Place) -> None:
    place.adds("modules/web/main.tf", SLOW.format(count="var.instance_count - 1"))
    dev_runs_a_release(place)
    _killed(place, "promote", "dev", "staging")


def _killed(place: Place, *words: str, once: Callable[[], bool] = lambda: True) -> None:
    """With SIGKILL, and everything that it had started: as when a machine loses its power."""
    child = subprocess.Popen(
        place.command(*words),
        cwd=place.root,
        env=place.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: (place.root / "migrating").exists() and once(), 120, every=0.2)
    for pid in _found(["pgrep", "--session", str(child.pid)]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    child.wait()


def _found(command: list[str]) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def staging_has_drifted(place: Place) -> None:
    """Somebody has named a network by hand."""
    staging_runs_a_release(place)
    ec2 = place.client("staging", "ec2")
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:project", "Values": ["shop"]}])["Vpcs"]
    ec2.create_tags(Resources=[found[0]["VpcId"]], Tags=[{"Key": "Name", "Value": "by hand"}])


def the_store_was_copied(place: Place) -> None:
    """Into `backup`, as a job does it every night."""
    shutil.copytree(place.root / ".envctl" / "store", place.root / "backup")


def an_entry_was_changed(place: Place) -> None:
    prod_runs_a_release(place)
    the_store_was_copied(place)
    entry = place.root / ".envctl/store/ledger/0000000003.json"
    entry.chmod(0o644)
    entry.write_text(entry.read_text().replace("ann@", "eve@"))


def an_entry_in_s3_was_changed(place: Place) -> None:
    """By somebody who may, and who took away what denies it to everybody."""
    staging_runs_a_release(place)
    s3 = place.client(PEOPLE, "s3")
    where = {"Bucket": "shop-envctl-store", "Key": "ledger/0000000003.json"}
    entry = s3.get_object(**where)["Body"].read()
    s3.delete_bucket_policy(Bucket=where["Bucket"])
    s3.put_object(**where, Body=entry.replace(b"ann@", b"eve@"))
    place.ok("bootstrap")


def the_store_is_gone(place: Place) -> None:
    prod_runs_a_release(place)
    the_store_was_copied(place)
    shutil.rmtree(place.root / ".envctl" / "store")


def the_store_is_gone_for_good(place: Place) -> None:
    """A ledger begins anew, on a machine that has seen none, over what is in dev."""
    dev_runs_a_release(place)
    shutil.rmtree(place.root / ".envctl" / "store")
    (place.root / ".envctl" / "witness.json").unlink()
    text = (place.root / "envctl.toml").read_text()
    place.write("envctl.toml", f'{text}\n[environments.dev.gates]\nwaivable = ["known_state"]\n')


def the_store_was_replicated(place: Place) -> None:
    """Into another region; envctl.toml names that one by now."""
    dev_runs_a_release(place)
    here = place.client(PEOPLE, "s3")
    there = place.client(PEOPLE, "s3", OTHER_REGION)
    there.create_bucket(Bucket="shop-envctl-replica", CreateBucketConfiguration={"LocationConstraint": OTHER_REGION})
    for each in here.list_objects_v2(Bucket="shop-envctl-store")["Contents"]:
        body = here.get_object(Bucket="shop-envctl-store", Key=each["Key"])["Body"].read()
        there.put_object(Bucket="shop-envctl-replica", Key=each["Key"], Body=body)
    text = (place.root / "envctl.toml").read_text()
    text = text.replace('"s3://shop-envctl-store"', '"s3://shop-envctl-replica"\nregion = "ap-northeast-3"')
    place.write("envctl.toml", text)


def a_state_was_deleted(place: Place) -> None:
    """From a bucket that keeps versions."""
    dev_runs_a_release(place)
    place.client("dev", "s3").delete_object(Bucket=STATES, Key="dev/web.tfstate")


def somebody_plans_dev(place: Place) -> None:
    """On another machine, and has got stuck: the lock of a state is held, and no deployment is unfinished."""
    dev_runs_a_release(place)
    lock = {"ID": "5c9f7a1e-0000-4000-8000-1b0f0e5a7c11", "Operation": "OperationTypePlan", "Who": "carol@build-7"}
    lock |= {
        "Info": "",
        "Version": "1.15.5",
        "Created": datetime.now(UTC).isoformat(),
    }
    lock |= {"Path": f"{STATES}/dev/web.tfstate"}
    s3 = place.client("dev", "s3")
    s3.put_object(Bucket=STATES, Key="dev/web.tfstate.tflock", Body=json.dumps(lock).encode())


def the_store_cannot_be_reached(place: Place) -> None:
    """Every connection to its bucket breaks off."""
    dev_runs_a_release(place)
    _fails(place, fail_always(Dropped(), lambda request: "shop-envctl-store" in f"{request.host}{request.target}"))


def a_state_cannot_be_saved(place: Place) -> None:
    """The first one that is to be written: S3 says no, once."""
    the_buckets_are_there(place)
    _fails(place, fail_first(DENIED, lambda request: request.method == "PUT" and _of_a_state(request)))


def states_are_throttled(place: Place) -> None:
    dev_runs_a_release(place)
    _fails(place, fail_always(THROTTLED, lambda request: request.method == "GET" and _of_a_state(request)))


def _of_a_state(request: Request) -> bool:
    """And not of its lock."""
    return urlsplit(request.target).path.endswith(".tfstate")


def _fails(place: Place, plan: FaultPlan) -> None:
    assert place.proxy is not None, "nothing can fail but what seems to be AWS"
    place.proxy.plan = plan
