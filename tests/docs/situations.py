"""What has happened before a block is typed, each in the words of the mark `given`."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs.places import Place
from tests.e2e.conftest import wait_for

BOB = "bob@shop.example"
GATES = ("peer", "business", "quality")
SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "sleep 60"
  }
}
"""


def dev_runs_a_release(place: Place) -> None:
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


def an_apply_was_killed(place: Place, environment: str = "dev", *words: str) -> None:
    """With SIGKILL, and everything that it had started: as when a machine loses its power."""
    place.adds("modules/web/main.tf", SLOW)
    child = subprocess.Popen(
        [*place._project().command("--yes", *place.options, *(words or ("apply", environment)))],
        cwd=place.root,
        env=place.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    sleeping = ["pgrep", "--session", str(child.pid), "--full", "^sleep 60"]
    wait_for(lambda: _found(sleeping), 120)
    _kill_all_of(child.pid)
    child.wait()


def _found(command: list[str]) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def _kill_all_of(session: int) -> None:
    for pid in _found(["pgrep", "--session", str(session)]):
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def a_promotion_to_staging_was_killed(place: Place) -> None:
    place.adds("modules/web/main.tf", SLOW.replace("sleep 60", "[ $STAGING ] || exit 0; sleep 60"))
    raise NotImplementedError


def prod_is_locked(place: Place) -> None:
    place.ok("lock", "prod", "--reason", "migration")


def a_window_of_prod_is_closed(place: Place) -> None:
    prod_is_approved(place)
    place.write("envctl.toml", (place.root / "envctl.toml").read_text().replace("waivable", f"{WINDOW}\nwaivable"))


WINDOW = 'windows = [{ kind = "deny", name = "freeze", start = "2020-01-01T00:00", end = "2199-01-01T00:00", tz = "UTC" }]'


def all_jobs_have_answered(place: Place) -> None:
    dev_runs_a_release(place)
    for job in _jobs(place):
        place.ok("drift", "--run", str(job["run"]), "--shard", str(job["shard"]))


def _jobs(place: Place) -> list[dict[str, object]]:
    import json

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
    "dev is broken, and has proven a release before": dev_is_broken_today,
    "an apply of dev was killed": an_apply_was_killed,
    "prod is locked": prod_is_locked,
    "prod is approved, and a window closed": a_window_of_prod_is_closed,
    "all jobs of a look for drift have answered": all_jobs_have_answered,
}
