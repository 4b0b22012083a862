"""Every guard once refusing and once passing, by the real command on real Terraform."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CommandResult, Project, wait_until

pytestmark = pytest.mark.terraform

TOML = """
[project]
name = "tiny"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {{}}
[environments.prod]
{prod}

[environments.prod.gates]
{gates}

[stacks.base]
module = "modules/base"
{more}
"""
NO_APPROVALS = "approvals = {}"
# What it reads from outside stands for a data source whose answer may change between two plans.
BASE = """
variable "name" {
  type = string
}

variable "outside" {
  type = string
}

data "terraform_remote_state" "outside" {
  backend = "local"
  config  = { path = var.outside }
}

locals {
  seen = data.terraform_remote_state.outside.outputs
}

resource "terraform_data" "this" {
  input            = { name = var.name, tag = local.seen.tag, version = 1 }
  triggers_replace = local.seen.trigger
}

resource "terraform_data" "each" {
  for_each = toset(local.seen.names)
  input    = "${each.key} of ${terraform_data.this.id}"
}

output "name" {
  value = terraform_data.this.output.name
}

output "count" {
  value = length(terraform_data.each)
}
"""
BOB = "bob@example.com"


def outside(project: Project, *, tag: str = "blue", trigger: str = "1", names: tuple[str, ...] = ("a", "b")) -> None:
    """What the modules' data source finds."""
    values = {
        "tag": {"value": tag, "type": "string"},
        "trigger": {"value": trigger, "type": "string"},
        "names": {"value": list(names), "type": ["list", "string"]},
    }
    document = {"version": 4, "terraform_version": "1.10.0", "serial": 1, "lineage": "x", "outputs": values}
    (project.home / "outside.tfstate").write_text(json.dumps({**document, "resources": []}))


def ask_for(project: Project, gates: str = NO_APPROVALS, *, prod: str = "", more: str = "") -> None:
    """Writes the project file, with these rules for prod."""
    project.write("envctl.toml", TOML.format(gates=gates, prod=prod, more=more))


def version(project: Project, number: int) -> None:
    project.write("modules/base/main.tf", BASE.replace("version = 1", f"version = {number}"))


@pytest.fixture
def tiny(tmp_path: Path, home: Path) -> Project:
    project = Project(tmp_path / "tiny", home)
    ask_for(project)
    version(project, 1)
    outside(project)
    for environment in ("dev", "staging", "prod"):
        lines = f'name    = "{environment}"\noutside = "{home}/outside.tfstate"\n'
        project.write(f"environments/{environment}/terraform.tfvars", lines)
    return project


@pytest.fixture
def ready(tiny: Project) -> Project:
    """A release that runs, verified, in dev and in staging."""
    tiny.run_checked("apply", "dev", "--yes")
    tiny.run_checked("promote", "dev", "staging", "--yes")
    return tiny


def to_prod(project: Project, *more: str) -> CommandResult:
    return project.run("promote", "staging", "prod", "--yes", "--json", *more)


def refused(ran: CommandResult, *codes: str, exits: int = 3) -> dict[str, Any]:
    """The first problem of a refusal by these guards."""
    assert (ran.code, [code for code in ran.codes if code.startswith("G")]) == (exits, list(codes)), ran.out
    return dict(ran.document["problems"][0])


def present(project: Project, environment: str) -> dict[str, Any]:
    shown = project.run_checked("status", "--json").document["result"]["environments"]
    return dict(next(each for each in shown if each["environment"] == environment)["present"])


def test_g101_order(tiny: Project) -> None:
    tiny.run_checked("apply", "dev", "--yes")
    refused(tiny.run("promote", "dev", "prod", "--yes", "--json"), "G101")
    tiny.run_checked("promote", "dev", "staging", "--yes")


def test_g102_provenance(ready: Project) -> None:
    version(ready, 2)
    release = ready.run_checked("apply", "dev", "--yes", "--json").document["result"]["release"]
    refused(to_prod(ready, "--release", release), "G102")
    assert to_prod(ready).code == 0


def test_g103_verified(tiny: Project) -> None:
    mark = tiny.root / "works"
    ask_for(tiny, more='[checks.smoke]\nkind = "command"\ncommand = ["test", "-e", "works"]\n')
    failed = tiny.run("apply", "dev", "--yes", "--json")
    assert (failed.code, failed.codes) == (1, ["E410"])
    problem = refused(tiny.run("promote", "dev", "staging", "--yes", "--json"), "G103")
    assert problem["hint"] == "envctl verify dev"
    mark.touch()
    tiny.run_checked("verify", "dev")
    tiny.run_checked("promote", "dev", "staging", "--yes")


def test_g104_soak(ready: Project) -> None:
    ask_for(ready, f'{NO_APPROVALS}\nsoak = "1h"')
    problem = refused(to_prod(ready), "G104", exits=4)
    assert datetime.fromisoformat(problem["opens"]) > datetime.now(UTC) + timedelta(minutes=58)
    ask_for(ready, f'{NO_APPROVALS}\nsoak = "1s"')
    wait_until(lambda: to_prod(ready).code == 0)


def test_g105_max_age(ready: Project) -> None:
    ask_for(ready, f'{NO_APPROVALS}\nmax_age = "1s"')
    # Looked at and not tried: within a second a promotion could still pass, and record what it passed by.
    wait_until(lambda: '"outcome": "refuses"' in ready.run("why", "prod", "--json").out)
    refused(to_prod(ready), "G105")
    ask_for(ready, f'{NO_APPROVALS}\nmax_age = "1h"')
    assert to_prod(ready).code == 0


def test_g106_approvals(ready: Project) -> None:
    ask_for(ready, "approvals = { peer = 1 }")
    refused(to_prod(ready), "G106", exits=4)
    own = ready.run("approve", "prod", "--gate", "peer", "--yes", "--json")
    refused(own, "G106")
    ready.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    ready.run_checked("approve", "prod", "--gate", "peer", "--withdraw", GIT_AUTHOR_EMAIL=BOB)
    refused(to_prod(ready), "G106", exits=4)
    ready.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    assert to_prod(ready).code == 0


def test_g106_approvals_expire(ready: Project) -> None:
    ask_for(ready, 'approvals = { peer = 1 }\nexpires = "1s"')
    ready.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    # Looked at and not tried: within a second a promotion could still pass, and record what it passed by.
    wait_until(lambda: "has expired" in ready.run("why", "prod", "--json").out)
    assert "has expired" in refused(to_prod(ready), "G106", exits=4)["message"]
    ask_for(ready, 'approvals = { peer = 1 }\nexpires = "1h"')
    # What was given under other rules is not revived by these.
    refused(to_prod(ready), "G106", exits=4)
    ready.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
    assert to_prod(ready).code == 0


def test_last_environment_has_three_gates_by_default(ready: Project) -> None:
    ask_for(ready, "")
    problem = refused(to_prod(ready), "G106", exits=4)
    assert all(f"{gate} (0 of 1)" in problem["message"] for gate in ("peer", "business", "quality"))


def test_g107_window(ready: Project) -> None:
    now = datetime.now(UTC)
    start, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 2))
    window = f'{{ kind = "deny", name = "freeze", start = "{start}", end = "{end}" }}'
    ask_for(ready, f"{NO_APPROVALS}\nwindows = [{window}]")
    problem = refused(to_prod(ready), "G107", exits=4)
    assert problem["opens"].startswith(end)
    ask_for(ready, f"{NO_APPROVALS}\nwindows = [{window.replace('deny', 'allow')}]")
    assert to_prod(ready).code == 0


def test_g108_lock(ready: Project) -> None:
    ready.run_checked("lock", "prod", "--reason", "the auditors are here")
    problem = refused(to_prod(ready), "G108", exits=4)
    assert "the auditors are here" in problem["message"]
    ready.run_checked("unlock", "prod")
    assert to_prod(ready).code == 0


def test_g108_hold_after_a_rollback(ready: Project) -> None:
    first = to_prod(ready).document["result"]["release"]
    version(ready, 2)
    for words in (("apply", "dev"), ("promote", "dev", "staging"), ("promote", "staging", "prod")):
        ready.run_checked(*words, "--yes")
    back = ready.run_checked("rollback", "prod", "--yes", "--json").document["result"]
    assert (back["release"], back["action"]) == (first, "rollback")
    refused(to_prod(ready), "G108")
    version(ready, 3)
    for words in (("apply", "dev"), ("promote", "dev", "staging"), ("promote", "staging", "prod")):
        ready.run_checked(*words, "--yes")
    assert present(ready, "prod")["holds"] == {}


def test_g109_busy(ready: Project) -> None:
    interrupted(ready, "staging")
    refused(ready.run("apply", "staging", "--yes", "--json"), "G109", exits=4)
    ready.run_checked("recover", "staging", "--yes")
    ready.run_checked("apply", "staging", "--yes")


def interrupted(project: Project, environment: str) -> None:
    """Leaves a deployment without an end in the ledger: the newest entries are what a killed envctl never wrote."""
    project.write(
        f"environments/{environment}/terraform.tfvars",
        f'name    = "other"\noutside = "{project.home}/outside.tfstate"\n',
    )
    project.run_checked("apply", environment, "--yes")
    for name in sorted(path.name for path in (project.root / ".envctl/store/ledger").iterdir())[-2:]:
        (project.root / ".envctl/store/ledger" / name).unlink()
    (project.root / ".envctl/witness.json").unlink()


def test_g204_settings(ready: Project) -> None:
    file = "environments/prod/terraform.tfvars"
    good = (ready.root / file).read_text()
    ready.write(file, good.replace("name ", "nmae "))
    ran = to_prod(ready)
    refused(ran, "G204")
    assert {(p["code"], p["file"], p["line"]) for p in ran.document["problems"]} >= {("E203", file, 1)}
    ready.write(file, good)
    assert to_prod(ready).code == 0


def test_g205_parity(ready: Project) -> None:
    ask_for(ready, more="[parity]\nmay_differ = []\n")
    ran = to_prod(ready)
    problem = refused(ran, "G205", "G205")
    assert "differ in name" in problem["message"]
    line = ran.document["problems"][1]
    assert "environments/staging/terraform.tfvars:1" in line["message"]
    assert (line["file"], line["line"]) == ("environments/prod/terraform.tfvars", 1)
    ask_for(ready, more='[parity]\nmay_differ = ["name"]\n')
    assert to_prod(ready).code == 0


def test_g206_clean(tiny: Project) -> None:
    ask_for(tiny, f"{NO_APPROVALS}\ncommitted = true")
    for words in (("apply", "dev"), ("promote", "dev", "staging")):
        tiny.run_checked(*words, "--yes")
    refused(to_prod(tiny), "G206")
    ask_for(tiny, f"{NO_APPROVALS}\ncommitted = false")
    assert to_prod(tiny).code == 0


def test_g301_protection(ready: Project) -> None:
    assert to_prod(ready).code == 0
    stateful = '[protection]\nstateful = ["terraform_data"]\n'
    ask_for(ready, prod="protected = true", more=stateful)
    outside(ready, names=("a",))
    version(ready, 2)
    for words in (("apply", "dev"), ("promote", "dev", "staging")):
        ready.run_checked(*words, "--yes")
    problem = refused(to_prod(ready), "G301")
    assert 'delete base: terraform_data.each["b"]' in problem["message"]
    destroyed = ready.run("destroy", "prod", "--yes", "--json")
    refused(destroyed, "G301")
    ask_for(ready, prod="protected = true\nmax_destroys = 0")
    assert "max_destroys is 0" in refused(to_prod(ready), "G301")["message"]
    ask_for(ready, prod="protected = true\nmax_destroys = 1")
    assert to_prod(ready).code == 0


def test_moved_or_forgotten_resource_is_not_deleted(ready: Project) -> None:
    assert to_prod(ready).code == 0
    ask_for(ready, prod="protected = true\nmax_destroys = 0", more='[protection]\nstateful = ["terraform_data"]\n')
    forgets = (
        BASE.replace('resource "terraform_data" "each"', 'resource "terraform_data" "all"')
        .replace("length(terraform_data.each)", "length(terraform_data.all)")
        .replace("for_each = toset(local.seen.names)", 'for_each = toset(["a"])')
    )
    blocks = (
        '\nmoved {\n  from = terraform_data.each["a"]\n  to   = terraform_data.all["a"]\n}\n'
        "\nremoved {\n  from = terraform_data.each\n  lifecycle {\n    destroy = false\n  }\n}\n"
    )
    ready.write("modules/base/main.tf", forgets + blocks)
    for words in (("apply", "dev"), ("promote", "dev", "staging")):
        ready.run_checked(*words, "--yes")
    done = to_prod(ready)
    assert done.code == 0, done.out
    actions = {r["address"]: r["action"] for r in done.document["result"]["plan"]["stacks"][0]["resources"]}
    assert actions == {'terraform_data.all["a"]': "move", 'terraform_data.each["b"]': "forget"}


def test_an_unprotected_environment_is_destroyed_and_built_again(ready: Project) -> None:
    ready.run_checked("destroy", "dev", "--yes")
    assert present(ready, "dev")["current"] is None
    state = json.loads((ready.root / ".envctl/state/dev/base.tfstate").read_text())
    assert state["resources"] == []
    ready.run_checked("apply", "dev", "--yes")
    assert ready.run("plan", "dev", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("rehearsed", ["warn", "refuse"])
def test_g303_rehearsed(ready: Project, rehearsed: str) -> None:
    assert to_prod(ready).code == 0
    version(ready, 2)
    for words in (("apply", "dev"), ("promote", "dev", "staging")):
        ready.run_checked(*words, "--yes")
    ask_for(ready, f'{NO_APPROVALS}\nrehearsed = "{rehearsed}"')
    outside(ready, names=("a", "b", "c"))
    ran = to_prod(ready)
    if rehearsed == "refuse":
        assert "create terraform_data" in refused(ran, "G303")["message"]
    else:
        assert ran.code == 0
        assert [warning["code"] for warning in ran.document["result"]["warnings"]] == ["G303"]


class TestApprovedPlan:
    """G302: what was approved is what happens. Real plans of the same release with the same settings."""

    @pytest.fixture
    def approved(self, ready: Project) -> Project:
        """A second release, whose plan for prod, an update in place, has been approved."""
        assert to_prod(ready).code == 0
        version(ready, 2)
        for words in (("apply", "dev"), ("promote", "dev", "staging")):
            ready.run_checked(*words, "--yes")
        ask_for(ready, "approvals = { peer = 1 }")
        ready.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
        return ready

    def test_approval_is_independent_of_run_order_and_place(self, approved: Project, tmp_path: Path) -> None:
        outside(approved, names=("b", "a"))
        elsewhere = Project(tmp_path / "elsewhere" / "machine", approved.home)
        shutil.copytree(approved.root, elsewhere.root)
        shutil.rmtree(elsewhere.root / ".envctl" / "work")
        assert to_prod(elsewhere).code == 0
        assert to_prod(approved).code == 0

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            pytest.param({"names": ("a", "b", "c")}, 'create base: terraform_data.each["c"]', id="one more resource"),
            pytest.param({"names": ("a",)}, 'delete base: terraform_data.each["b"]', id="another action"),
            pytest.param({"tag": "red"}, "update base: terraform_data.this", id="another planned value"),
            pytest.param({"trigger": "2"}, "replace base: terraform_data.this", id="a replace instead of an update"),
        ],
    )
    def test_plan_beyond_approval_is_refused_and_named(
        self, approved: Project, changed: dict[str, object], told: str
    ) -> None:
        outside(approved, **changed)  # type: ignore[arg-type]
        assert told in refused(to_prod(approved), "G302", exits=4)["message"]
        approved.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
        assert to_prod(approved).code == 0

    def test_rest_of_approved_plan_passes(self, approved: Project) -> None:
        file = approved.root / ".envctl/state/prod/base.tfstate"
        before = json.loads(file.read_text())
        outside(approved, tag="red")
        approved.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
        outside(approved)
        assert to_prod(approved).code == 0
        assert json.loads(file.read_text())["serial"] > before["serial"]

    def test_additional_output_change_exceeds_approved_plan(self, approved: Project) -> None:
        outside(approved, names=("a", "b", "c", "d"))
        approved.run_checked("approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL=BOB)
        outside(approved, names=("a", "b", "c"))
        assert "update base: output count" in refused(to_prod(approved), "G302", exits=4)["message"]

    def test_plan_values_are_never_stored(self, approved: Project) -> None:
        kept = list((approved.root / ".envctl/store/plans").iterdir())
        assert kept
        assert not any(b"blue" in plan.read_bytes() for plan in kept)
        assert list((approved.root / ".envctl/work").rglob("*.tfplan")) == []


class TestBreakGlass:
    def test_waiver_needs_listing_and_leaves_a_debt(self, ready: Project) -> None:
        ask_for(ready, f'{NO_APPROVALS}\nsoak = "1h"\nwaivable = ["soak"]')
        ready.run_checked("lock", "prod", "--reason", "freeze")
        refused(to_prod(ready, "--break-glass", "payments are down"), "G108", exits=4)
        ready.run_checked("unlock", "prod")
        done = to_prod(ready, "--break-glass", "payments are down").document["result"]
        assert [refusal["code"] for refusal in done["waived"]] == ["G104"]
        (debt,) = present(ready, "prod")["debts"]
        assert debt["reason"] == "payments are down"
        assert "payments are down" in ready.run_checked("status").out
        version(ready, 2)
        ask_for(ready)
        for words in (("apply", "dev"), ("promote", "dev", "staging"), ("promote", "staging", "prod")):
            ready.run_checked(*words, "--yes")
        assert present(ready, "prod")["debts"] == []

    def test_break_glass_needs_a_reason(self, ready: Project) -> None:
        ran = to_prod(ready, "--break-glass", " ")
        assert (ran.code, ran.codes) == (64, ["E008"])


class TestChecks:
    def test_http_check_verifies_a_deployment(self, tiny: Project, page: "Page") -> None:
        ask_for(tiny, more=f'[checks.http]\nurl = "{page.url}"\ntimeout = "1s"\n')
        page.status = 503
        failed = tiny.run("apply", "dev", "--yes", "--json")
        assert (failed.code, failed.codes) == (1, ["E410"])
        assert "503" in failed.document["problems"][0]["message"]
        page.status = 200
        assert tiny.run_checked("verify", "dev", "--json").document["result"]["checks"][0]["outcome"] == "passed"

    def test_unreachable_http_check_is_reported(self, tiny: Project) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        ask_for(tiny, more=f'[checks.http]\nurl = "http://127.0.0.1:{port}"\ntimeout = "1s"\n')
        failed = tiny.run("apply", "dev", "--yes", "--json")
        assert "can't be reached" in failed.document["problems"][0]["message"]

    def test_output_check_reads_terraform_output(self, tiny: Project) -> None:
        ask_for(tiny, more='[checks.size]\nkind = "output"\noutput = "base.count"\nequals = 2\n')
        tiny.run_checked("apply", "dev", "--yes")
        outside(tiny, names=("a",))
        failed = tiny.run("apply", "dev", "--yes", "--json")
        assert (failed.code, failed.codes) == (1, ["E410"])

    def test_no_verify_leaves_release_unverified(self, tiny: Project) -> None:
        tiny.run_checked("apply", "dev", "--yes", "--no-verify")
        refused(tiny.run("promote", "dev", "staging", "--yes", "--json"), "G103")


class Page:
    """A page on loopback that answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(page.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page()
    thread = threading.Thread(target=page.server.serve_forever, daemon=True)
    thread.start()
    yield page
    page.server.shutdown()
    thread.join()
    page.server.server_close()
