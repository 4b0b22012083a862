"""A promotion of stacks of both kinds is killed at any step: after `recover`, the same promotion ends as wanted.

The steps are counted in a run that nobody kills. Each later run kills the real process, with SIGKILL, at one more.
"""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import wait_until
from tests.e2e.kubernetes.conftest import FIRST, SECOND, WEB, Shop, run_code

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(1800)]

# `at` is the number or the name of the step with the signal. The last line of stderr has all names.
STOPPED = """
import os, signal, sys
from envctl.adapters.kubernetes.stack import applying, waiting
from envctl.adapters.stacks.stack_drivers import StackDrivers
from envctl.adapters.store.object_store import ObstoreStore
from envctl.cli.entry import run
from envctl.usecases.deployment import ledger_entries

at, number, steps = sys.argv.pop(1), int(sys.argv.pop(1)), []

def step(name):
    steps.append(name)
    if at == str(len(steps)) or at == name and steps.count(name) == 1:
        os.kill(os.getpid(), number)

def between(place, name):
    function = getattr(place, name)
    def wrapped(*words, **more):
        step(f"before {name}")
        result = function(*words, **more)
        step(f"after {name}")
        return result
    setattr(place, name, wrapped)

for place, name in (
    (StackDrivers, "apply"),
    (StackDrivers, "refresh_state"),
    (StackDrivers, "await_ready"),
    (applying, "save_inventory"),
    (applying, "_apply_object"),
    (applying, "_delete_object"),
    (waiting, "_poll_states"),
    (ledger_entries, "_record_success"),
    (ObstoreStore, "create"),
):
    between(place, name)
code = run(sys.argv[1:])
print("steps " + ", ".join(steps), file=sys.stderr)
sys.exit(code)
"""
PROMOTE = ("promote", "dev", "staging", "--yes")
EXTRA = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: NAME }\ndata: { a: b }\n"
INVENTORY = "envctl-shop.staging.web"
ALWAYS = {"ConfigMap/page", f"ConfigMap/{INVENTORY}", "Service/web", "Deployment/web"}
BASE = """
variable "environment" {
  type = string
}

resource "terraform_data" "motd" {
  input = "TEXT from ${var.environment}"
  provisioner "local-exec" {
    command = "echo TEXT >> MADE"
  }
}

resource "terraform_data" "made" {
  triggers_replace = "TEXT"
  provisioner "local-exec" {
    command = "echo TEXT ${var.environment} >> MADE"
  }
}

output "motd" {
  value = terraform_data.motd.output
}
"""
MOST_STEPS = 90
# Every step by night. By day the one between a stack of Terraform and one of Kubernetes.
BY_DAY = ("after apply",)


def write_release(shop: Shop, number: int) -> None:
    """Write a release that changes both stacks: one object more than in the release before, and one less."""
    text = f"release-{number}"
    shop.write("modules/base/main.tf", BASE.replace("TEXT", text).replace("MADE", f"{shop.home}/made"))
    color = f"color: c{number}"
    shop.write_web(
        manifests=WEB.replace("color: green", color), **{f"extra{number}": EXTRA.replace("NAME", f"extra{number}")}
    )
    shop.set_image(SECOND if number % 2 else FIRST)


def run_stopped(shop: Shop, at: int | str, number: signal.Signals, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_code(shop, STOPPED, (at, int(number)), *words)


def list_steps(errors: str) -> list[str]:
    return str(re.findall(r"^steps (.*)$", errors, re.MULTILINE)[-1]).split(", ")


def list_processes(root: Path) -> list[str]:
    """Return the command lines of the processes that work in a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if (each / "cwd").resolve().is_relative_to(root):
                found.append((each / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def find_outcome(shop: Shop) -> str:
    shown = shop.run_checked("status", "--json").document["result"]["environments"]
    last = next(each for each in shown if each["environment"] == "staging")["present"]["last"]
    return str(last["outcome"])


def require_release(shop: Shop, number: int) -> None:
    """Require all of this release in staging, and nothing else: objects, inventory, states, ledger."""
    name = f"extra{number}"
    assert shop.list_objects("staging") == ALWAYS | {f"ConfigMap/{name}"}
    assert shop.find_image("staging") == (SECOND if number % 2 else FIRST)
    page = shop.clusters["staging"].get("ConfigMap", "page")
    assert page is not None
    assert page["data"] == {"motd": f"release-{number} from staging", "color": f"c{number}"}
    listed = json.loads(shop.list_inventory("staging", INVENTORY)["inventory.json"])["objects"]
    assert {f"{each['kind']}/{each['name']}" for each in listed} == {
        *(each for each in ALWAYS if "envctl" not in each),
        f"ConfigMap/{name}",
    }
    assert shop.run("drift", "staging").code == 0
    assert shop.run("plan", "staging", "--detailed-exitcode").code == 0
    assert find_outcome(shop) == "succeeded"
    shop.run_checked("ledger", "verify")
    made = (shop.home / "made").read_text().splitlines()
    assert made.count(f"release-{number} staging") == 1, "it was made once more, or once less"
    assert not [each for each in shop.list_files() if each.name.endswith((".tfplan", ".lock.info"))]


@pytest.fixture
def running(shop: Shop) -> Shop:
    """One release in dev and staging."""
    write_release(shop, 0)
    shop.run_checked("apply", "dev", "--yes")
    shop.run_checked(*PROMOTE)
    return shop


def require_killed_promotion_continues(shop: Shop, release: int, at: int | str) -> bool:
    """Kill the promotion of a release at a step. Return False if it has ended before that step."""
    write_release(shop, release)
    shop.run_checked("apply", "dev", "--yes")
    ended = run_stopped(shop, at, signal.SIGKILL, *PROMOTE)
    if ended.returncode == 0:
        return False
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    wait_until(lambda: not list_processes(shop.root))
    if find_outcome(shop) == "unfinished":
        refused = shop.run(*PROMOTE, "--json")
        assert (refused.code, refused.codes) == (4, ["G109"])
        shop.run_checked("recover", "staging", "--yes")
    shop.run_checked(*PROMOTE)
    require_release(shop, release)
    return True


@pytest.mark.night
def test_killed_promotion_of_both_kinds_continues(running: Shop) -> None:
    for release, name in enumerate(BY_DAY, start=1):
        assert require_killed_promotion_continues(running, release, name), name


@pytest.mark.night
@pytest.mark.parametrize("part", range(3))
def test_promotion_killed_at_any_step_continues(part: int, running: Shop) -> None:
    for release, at in enumerate(range(1 + part, MOST_STEPS, 3), start=1):
        if not require_killed_promotion_continues(running, release, at):
            assert at > 30, "steps are missing"
            return
    pytest.fail(f"there are more than {MOST_STEPS} steps")


def require_stopped_promotion_continues(shop: Shop, release: int, at: int | str, number: signal.Signals) -> bool:
    """Send a signal to the promotion at a step. Return False if it has ended before that step."""
    write_release(shop, release)
    shop.run_checked("apply", "dev", "--yes")
    ended = run_stopped(shop, at, number, *PROMOTE)
    if ended.returncode == 0:
        assert isinstance(at, int)
        assert len(list_steps(ended.stderr)) < at, "the signal was not noticed"
        return False
    assert ended.returncode == 130, ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list_processes(shop.root)
    # No `recover`: it has stopped cleanly, and the ledger says so.
    assert find_outcome(shop) in ("interrupted", "succeeded")
    shop.run_checked(*PROMOTE)
    require_release(shop, release)
    return True


@pytest.mark.night
def test_stopped_promotion_of_both_kinds_continues(running: Shop) -> None:
    assert require_stopped_promotion_continues(running, 1, "after await_ready", signal.SIGTERM)


@pytest.mark.night
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_promotion_stopped_at_any_step_continues(number: signal.Signals, running: Shop) -> None:
    for release, at in enumerate(range(1, MOST_STEPS, 2), start=1):
        if not require_stopped_promotion_continues(running, release, at, number):
            return
    pytest.fail(f"there are more than {MOST_STEPS} steps")
