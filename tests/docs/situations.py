"""What has happened before a block is typed, each in the words of the mark `given`."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from envctl.adapters.sandbox.exchange import Request
from tests.docs.places import PEOPLE, Place
from tests.e2e.conftest import ACCOUNTS, wait_for
from tests.faults.faults import DENIED, THROTTLED, Dropped, Plan, always, first

BOB = "bob@shop.example"
GATES = ("peer", "business", "quality")
# It takes a minute the first time, and ends at once ever after.
SLOW = """
resource "terraform_data" "migration" {{
  count = {count}
  provisioner "local-exec" {{
    command = "cd ../../../..; test -e migrating || {{ touch migrating; exec sleep 60; }}"
  }}
}}
"""
SECRETS = """
[secrets]
secretsmanager = ["*_secret_name"]
"""


def the_buckets_are_there(place: Place) -> None:
    """Where there is an AWS, and nothing that makes them by itself."""
    if place.sandbox and not place.options:
        place.ok("bootstrap")


def dev_runs_a_release(place: Place) -> None:
    the_buckets_are_there(place)
    place.ok("apply", "dev")


def staging_runs_a_release(place: Place) -> None:
    dev_runs_a_release(place)
    place.ok("promote", "dev", "staging")


def prod_is_approved(place: Place) -> None:
    staging_runs_a_release(place)
    for gate in GATES:
        place.ok("approve", "prod", "--gate", gate, by=BOB)


def prod_runs_a_release(place: Place) -> None:
    prod_is_approved(place)
    place.ok("promote", "staging", "prod")


def prod_runs_its_second_release(place: Place) -> None:
    prod_runs_a_release(place)
    place.write("modules/web/main.tf", (place.root / "modules/web/main.tf").read_text() + "\n# second\n")
    prod_runs_a_release(place)


def dev_is_one_ahead(place: Place) -> None:
    """Of staging, which runs the release before."""
    staging_runs_a_release(place)
    place.write("modules/web/main.tf", (place.root / "modules/web/main.tf").read_text() + "\n# second\n")
    dev_runs_a_release(place)


def dev_is_broken_today(place: Place) -> None:
    """It has proven a release, and the next one fails there."""
    dev_runs_a_release(place)
    failing = '\nresource "terraform_data" "failing" {\n  lifecycle {\n    precondition {\n'
    failing += '      condition     = var.instance_count > 99\n      error_message = "no"\n    }\n  }\n}\n'
    place.adds("modules/web/main.tf", failing)
    assert place.run("apply", "dev").code == 1


def dev_is_mended(place: Place) -> None:
    before = (place.root / "modules/web/main.tf").read_text()
    dev_is_broken_today(place)
    place.write("modules/web/main.tf", before)


def an_apply_was_killed(place: Place) -> None:
    the_buckets_are_there(place)
    place.adds("modules/web/main.tf", SLOW.format(count=1))
    _killed(place, "apply", "dev")


def a_promotion_to_staging_was_killed(place: Place) -> None:
    place.adds("modules/web/main.tf", SLOW.format(count="var.instance_count - 1"))
    dev_runs_a_release(place)
    _killed(place, "promote", "dev", "staging")


def _killed(place: Place, *words: str) -> None:
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
    wait_for((place.root / "migrating").exists, 120)
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


def a_secret_is_asked_for(place: Place) -> None:
    place.adds("envctl.toml", SECRETS)
    place.adds("modules/data/main.tf", '\nvariable "database_secret_name" { type = string }\n')
    for environment in ACCOUNTS:
        place.adds(f"environments/{environment}/terraform.tfvars", 'database_secret_name = "shop/database"\n')


def dev_runs_a_release_with_a_secret(place: Place) -> None:
    a_secret_is_asked_for(place)
    place.client("dev", "secretsmanager").create_secret(Name="shop/database", SecretString="none")
    dev_runs_a_release(place)


def signing_keys_are_named(place: Place) -> None:
    """In a project that git keeps."""
    text = (place.root / "envctl.toml").read_text()
    for name in ACCOUNTS:
        text = text.replace(f"[environments.{name}]\n", f'[environments.{name}]\nsigning_key = "alias/envctl-{name}"\n')
    place.write("envctl.toml", text)
    subprocess.run(["git", "init", "--quiet"], cwd=place.root, check=True)


def there_is_a_copy_of_the_store(place: Place) -> None:
    """What two environments were told is signed; and the keys came another way."""
    signing_keys_are_named(place)
    place.ok("bootstrap")
    place.ok("ledger", "keys", "--create")
    place.ok("apply", "dev")
    s3 = place.client(PEOPLE, "s3")
    for each in s3.list_objects_v2(Bucket="shop-envctl-store")["Contents"]:
        file = place.root / "copy-of-the-store" / each["Key"]
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file("shop-envctl-store", each["Key"], str(file))
    for name in ACCOUNTS:
        pinned = place.root / "environments" / name / "signing_key.pem"
        (place.root / "keys-from-elsewhere" / name).mkdir(parents=True)
        shutil.copy(pinned, place.root / "keys-from-elsewhere" / name)


def the_store_was_copied(place: Place) -> None:
    """Into `backup`, as a job does it every night."""
    shutil.copytree(place.root / ".envctl" / "store", place.root / "backup")


def an_entry_was_changed(place: Place) -> None:
    prod_runs_a_release(place)
    the_store_was_copied(place)
    entry = place.root / ".envctl/store/ledger/0000000003.json"
    entry.chmod(0o644)
    entry.write_text(entry.read_text().replace("ann@", "eve@"))


def the_store_is_gone(place: Place) -> None:
    prod_runs_a_release(place)
    the_store_was_copied(place)
    shutil.rmtree(place.root / ".envctl" / "store")


def a_state_is_gone(place: Place) -> None:
    prod_runs_a_release(place)
    shutil.copytree(place.root / ".envctl" / "state", place.root / "backup-of-states")
    (place.root / ".envctl/state/prod/web.tfstate").unlink()


def the_store_cannot_be_reached(place: Place) -> None:
    """Every connection to its bucket breaks off."""
    dev_runs_a_release(place)
    _fails(place, always(Dropped(), lambda request: "shop-envctl-store" in f"{request.host}{request.target}"))


def a_state_cannot_be_saved(place: Place) -> None:
    """The first one that is to be written: S3 says no, once."""
    the_buckets_are_there(place)
    _fails(place, first(DENIED, lambda request: request.method == "PUT" and _of_a_state(request)))


def states_are_throttled(place: Place) -> None:
    dev_runs_a_release(place)
    _fails(place, always(THROTTLED, lambda request: request.method == "GET" and _of_a_state(request)))


def somebody_plans_dev(place: Place) -> None:
    """On another machine, and has got stuck: the lock of a state is held, and no deployment is unfinished."""
    dev_runs_a_release(place)
    bucket = "shop-tfstate-111111111111"
    lock = {"ID": "5c9f7a1e-0000-4000-8000-1b0f0e5a7c11", "Operation": "OperationTypePlan", "Who": "carol@build-7"}
    lock |= {
        "Info": "",
        "Version": "1.15.5",
        "Created": datetime.now(UTC).isoformat(),
    }
    lock |= {"Path": f"{bucket}/dev/web.tfstate"}
    s3 = place.client("dev", "s3")
    s3.put_object(Bucket=bucket, Key="dev/web.tfstate.tflock", Body=json.dumps(lock).encode())


def a_state_was_deleted(place: Place) -> None:
    """From a bucket that keeps versions."""
    dev_runs_a_release(place)
    place.client("dev", "s3").delete_object(Bucket="shop-tfstate-111111111111", Key="dev/web.tfstate")


def a_state_was_put_back(place: Place) -> None:
    """By taking the marker away that a deletion leaves."""
    a_state_was_deleted(place)
    s3 = place.client("dev", "s3")
    where = {"Bucket": "shop-tfstate-111111111111"}
    markers = s3.list_object_versions(**where, Prefix="dev/web.tfstate")["DeleteMarkers"]
    (marker,) = (each for each in markers if each["Key"] == "dev/web.tfstate" and each["IsLatest"])
    s3.delete_object(**where, Key=marker["Key"], VersionId=marker["VersionId"])


def the_store_was_replicated(place: Place) -> None:
    """Into another region; envctl.toml names that one by now."""
    dev_runs_a_release(place)
    here = place.client(PEOPLE, "s3")
    there = {"Bucket": "shop-envctl-replica"}
    here.create_bucket(**there, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-3"})
    for each in here.list_objects_v2(Bucket="shop-envctl-store")["Contents"]:
        here.copy_object(**there, Key=each["Key"], CopySource={"Bucket": "shop-envctl-store", "Key": each["Key"]})
    text = (place.root / "envctl.toml").read_text()
    text = text.replace('"s3://shop-envctl-store"', '"s3://shop-envctl-replica"\nregion = "ap-northeast-3"')
    place.write("envctl.toml", text)


def prod_has_two_mistakes(place: Place) -> None:
    place.write(
        "environments/prod/terraform.tfvars",
        'vpc_cdir = "10.2.0.0/16"\nvpc_cidr = "10.2.0.0/16"\ninstance_count = "many"\n',
    )


def staging_is_to_have_more(place: Place) -> None:
    file = place.root / "environments/staging/terraform.tfvars"
    file.write_text(file.read_text().replace("instance_count = 2", "instance_count = 5"))


def _of_a_state(request: Request) -> bool:
    """And not of its lock."""
    return urlsplit(request.target).path.endswith(".tfstate")


def _fails(place: Place, plan: Plan) -> None:
    assert place.proxy is not None, "nothing can fail but what seems to be AWS"
    place.proxy.plan = plan


def prod_is_locked(place: Place) -> None:
    place.ok("lock", "prod", "--reason", "migration")


def a_window_of_prod_is_closed(place: Place) -> None:
    prod_is_approved(place)
    place.write("envctl.toml", (place.root / "envctl.toml").read_text().replace("waivable", f"{WINDOW}\nwaivable"))


WINDOW = (
    'windows = [{ kind = "deny", name = "freeze", start = "2020-01-01T00:00", end = "2199-01-01T00:00", tz = "UTC" }]'
)


def all_jobs_have_answered(place: Place) -> None:
    dev_runs_a_release(place)
    for job in _jobs(place):
        place.ok("drift", "--run", str(job["run"]), "--shard", str(job["shard"]))


def _jobs(place: Place) -> list[dict[str, object]]:
    return list(json.loads(place.ok("matrix", "drift").out)["include"])


def ledger(place: Place) -> list[Path]:
    return sorted((place.root / ".envctl" / "store" / "ledger").glob("*.json"))


SITUATIONS: Mapping[str, Callable[[Place], None]] = {
    "nothing": lambda _: None,
    "dev runs a release": dev_runs_a_release,
    "staging runs a release": staging_runs_a_release,
    "prod is approved": prod_is_approved,
    "prod runs a release": prod_runs_a_release,
    "prod runs its second release": prod_runs_its_second_release,
    "dev is one release ahead of staging": dev_is_one_ahead,
    "dev is broken, and mended": dev_is_mended,
    "dev is broken, and has proven a release before": dev_is_broken_today,
    "an apply of dev was killed": an_apply_was_killed,
    "a promotion to staging was killed": a_promotion_to_staging_was_killed,
    "staging has drifted": staging_has_drifted,
    "a secret is asked for": a_secret_is_asked_for,
    "dev runs a release with a secret": dev_runs_a_release_with_a_secret,
    "signing keys are named": signing_keys_are_named,
    "there is a copy of the store": there_is_a_copy_of_the_store,
    "an entry of the ledger was changed by hand": an_entry_was_changed,
    "the store is gone": the_store_is_gone,
    "the state of a stack of prod is gone": a_state_is_gone,
    "the store can't be reached": the_store_cannot_be_reached,
    "the state of a stack can't be saved": a_state_cannot_be_saved,
    "S3 throttles whoever reads a state": states_are_throttled,
    "the lock of a state of dev was left behind": somebody_plans_dev,
    "a state of dev was deleted": a_state_was_deleted,
    "prod has two mistakes in its settings": prod_has_two_mistakes,
    "staging is to have more instances": staging_is_to_have_more,
    "a state of dev was deleted, and put back": a_state_was_put_back,
    "the store was replicated": the_store_was_replicated,
    "prod is locked": prod_is_locked,
    "prod is approved, and a window closed": a_window_of_prod_is_closed,
    "all jobs of a look for drift have answered": all_jobs_have_answered,
}
