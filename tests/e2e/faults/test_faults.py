"""What happens when something goes wrong for real: on real Terraform, with state on disk and no AWS."""

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.documents import parse_document
from tests.e2e.conftest import BASE, Project, wait_until

pytestmark = pytest.mark.terraform

SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch started; for _ in $(seq 300); do [ -e go ] && break; sleep 0.2; done"
  }
}
"""
AFTERWARDS = """
resource "terraform_data" "afterwards" {
  depends_on = [terraform_data.slow]
}
"""


def state(project: Project, environment: str, stack: str) -> dict[str, object]:
    file = project.root / ".envctl" / "state" / environment / f"{stack}.tfstate"
    # Terraform makes the file before it has anything to write.
    resources = json.loads(file.read_text() or "{}").get("resources", [])
    return {r["name"]: r for r in resources if r["mode"] == "managed"}


def outcome(project: Project, environment: str) -> str:
    shown = project.run_checked("status", "--json").document["result"]["environments"]
    there = next(each for each in shown if each["environment"] == environment)
    return str(there["present"]["last"]["outcome"])


def test_release_reaches_prod_without_any_cloud(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Python that starts for each command, as everywhere but in these tests."""
    monkeypatch.setenv("COLD_STARTS", "1")
    small.run_checked("apply", "dev", "--yes")
    small.write("modules/base/main.tf", BASE.replace("var.name\n}\n\noutput", '"changed"\n}\n\noutput'))
    small.run_checked("promote", "dev", "staging", "--yes")
    small.run_checked(
        "approve", "prod", "--gate", "peer", "--unseen", "top", "--yes", GIT_AUTHOR_EMAIL="bob@example.com"
    )
    small.run_checked("promote", "staging", "prod", "--yes")
    for environment in ("dev", "staging", "prod"):
        instance = state(small, environment, "base")["this"]["instances"][0]  # type: ignore[index]
        assert instance["attributes"]["input"]["value"] == f"{environment}-name"
    shown = small.run_checked("status", "--json").document["result"]["environments"]
    assert [each["present"]["last"]["outcome"] for each in shown] == ["succeeded"] * 3
    assert small.run("plan", "dev", "--detailed-exitcode").code == 2, "the working tree has moved on"
    assert small.run("plan", "staging", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    "number",
    keep_by_day([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], signal.SIGTERM),
    ids=["ctrl-c", "a termination by CI", "a terminal that is closed"],
)
def test_an_interrupted_apply_stops_cleanly(small: Project, number: signal.Signals) -> None:
    small.write("modules/base/main.tf", BASE + SLOW)
    started = small.root / ".envctl" / "work" / "dev" / "base" / "started"
    process = small.start("apply", "dev", "--yes", "--json")
    wait_until(started.exists)
    process.send_signal(number)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, parse_document(out)["problems"][0]["code"]) == (130, "E311")
    assert outcome(small, "dev") == "interrupted"
    assert "this" in state(small, "dev", "base"), "applied changes are kept"
    assert not [each for each in small.list_files() if each.suffix == ".tfplan"]
    small.write("modules/base/main.tf", BASE)
    small.run_checked("apply", "dev", "--yes")


@pytest.mark.night
def test_closed_output_does_not_stop_apply(small: Project) -> None:
    piped = f"{shlex.join(small.build_command('apply', 'dev', '--yes'))} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", piped],
        cwd=small.root,
        env=small.build_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert outcome(small, "dev") == "succeeded"


@pytest.mark.night
def test_concurrent_deployment_is_refused(small: Project) -> None:
    small.write("modules/base/main.tf", BASE + SLOW)
    started = small.root / ".envctl" / "work" / "dev" / "base" / "started"
    first = small.start("apply", "dev", "--yes", "--json")
    wait_until(started.exists)
    second = small.run("apply", "dev", "--yes", "--json")
    assert (second.code, second.codes) == (75, ["E308"])
    told = second.document["problems"][0]["message"]
    assert f"envctl apply dev by ann@example.com (process {first.pid})" in told
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)


@pytest.mark.night
def test_a_killed_apply_is_recovered(small: Project) -> None:
    """Terraform, left alone, ends what it was doing and keeps its state."""
    small.write("modules/base/main.tf", BASE + SLOW + AFTERWARDS)
    process = small.start("apply", "dev", "--yes")
    wait_until((small.root / ".envctl" / "work" / "dev" / "base" / "started").exists)
    process.kill()
    process.communicate(timeout=10)
    small.write(".envctl/work/dev/base/go", "")
    small.write("modules/base/main.tf", BASE)
    wait_until(lambda: "afterwards" in state(small, "dev", "base"))
    wait_until(lambda: small.run("plan", "dev").code == 0)
    blocked = small.run("apply", "dev", "--yes", "--json")
    assert (blocked.code, blocked.codes) == (4, ["G109"])
    small.run_checked("recover", "dev", "--yes")
    small.run_checked("apply", "dev", "--yes")
    assert outcome(small, "dev") == "succeeded"


def read_only(folder: Path) -> list[str]:
    """What to put before a command so that it sees the folder on a read-only disk; empty where that can't be."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
    before = ["unshare", "--mount", "sh", "-c", mount, os.fspath(folder)]
    possible = subprocess.run([*before, "true"], capture_output=True, check=False).returncode == 0
    return before if possible else []


@pytest.mark.parametrize("line", keep_by_day(["apply dev --yes", "plan dev"], "apply dev --yes"))
def test_unwritable_disk_is_reported(small: Project, line: str) -> None:
    words = line.split()
    before = read_only(small.root)
    if not before:
        # The same refusal, by a file that stands where a folder has to be.
        small.write(".envctl", "in the way")
    told = small.run(*words, "--json", before=before)
    assert (told.code, told.codes) == (1, ["E406"])
    assert ".envctl" in told.document["problems"][0]["message"]


def test_status_works_on_a_read_only_disk(small_in_dev: Project) -> None:
    assert small_in_dev.run("status", "--json", before=read_only(small_in_dev.root)).document["ok"]


def test_a_second_plan_starts_no_init(small_in_dev: Project) -> None:
    stamp = small_in_dev.root / ".envctl" / "work" / "dev" / "base" / ".initialised"
    before = stamp.stat().st_mtime_ns
    small_in_dev.run_checked("plan", "dev")
    small_in_dev.write("environments/dev/terraform.tfvars", 'name = "another"\npassword = "planted-dev-secret"\n')
    changed = small_in_dev.run("plan", "dev", "--detailed-exitcode")
    assert changed.code == 2
    assert "init" not in changed.err
    assert stamp.stat().st_mtime_ns == before, "settings are nothing that init depends on"
