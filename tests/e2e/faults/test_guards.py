"""Guards refuse and pass by the real command on real Terraform. How each decides is shown in tests/unit/guards, and
with what it reads from a ledger in tests/usecases/deployment.
"""

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import CommandResult, PreparedProjects, Project, wait_until
from tests.e2e.project_text import OPEN, PEER, render_project

pytestmark = pytest.mark.terraform

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
APPROVE = ("approve", "prod", "--gate", "peer", "--yes")


def outside(project: Project, *, tag: str = "blue", trigger: str = "1", names: tuple[str, ...] = ("a", "b")) -> None:
    """What the modules' data source finds."""
    values = {
        "tag": {"value": tag, "type": "string"},
        "trigger": {"value": trigger, "type": "string"},
        "names": {"value": list(names), "type": ["list", "string"]},
    }
    document = {"version": 4, "terraform_version": "1.10.0", "serial": 1, "lineage": "x", "outputs": values}
    (project.home / "outside.tfstate").write_text(json.dumps({**document, "resources": []}))


def ask_for(project: Project, gates: str = OPEN, *, prod: str = "", more: str = "") -> None:
    """Writes the project file, with these rules for prod."""
    gated = {"staging": OPEN, "prod": gates}
    project.write("envctl.toml", render_project("tiny", {"base": ""}, rules={"prod": prod}, gates=gated, more=more))


def version(project: Project, number: int) -> None:
    project.write("modules/base/main.tf", BASE.replace("version = 1", f"version = {number}"))


def write_tiny(root: Path, home: Path) -> Project:
    project = Project(root, home)
    ask_for(project)
    version(project, 1)
    outside(project)
    for environment in ("dev", "staging", "prod"):
        lines = f'name    = "{environment}"\noutside = "{home}/outside.tfstate"\n'
        project.write(f"environments/{environment}/terraform.tfvars", lines)
    return project


def deploy(project: Project, last: str) -> None:
    """Brings what the tree holds from dev as far as that."""
    project.run_checked("apply", "dev", "--yes")
    for source, target in (("dev", "staging"), ("staging", "prod")):
        if source != last:
            project.run_checked("promote", source, target, "--yes")


def deploy_to_staging(root: Path, home: Path) -> Project:
    project = write_tiny(root, home)
    deploy(project, "staging")
    return project


def deploy_two_releases(root: Path, home: Path) -> Project:
    """The first one runs in prod, the second one in staging."""
    project = write_tiny(root, home)
    deploy(project, "prod")
    version(project, 2)
    deploy(project, "staging")
    return project


def approve_update(root: Path, home: Path) -> Project:
    project = deploy_two_releases(root, home)
    ask_for(project, PEER)
    project.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
    return project


@pytest.fixture
def tiny(tmp_path: Path, home: Path) -> Project:
    return write_tiny(tmp_path / "tiny", home)


@pytest.fixture
def ready(prepared: PreparedProjects) -> Project:
    """A release that runs, verified, in dev and in staging."""
    return prepared.restore(deploy_to_staging)


@pytest.fixture
def updating(prepared: PreparedProjects) -> Project:
    """Of a release that runs everywhere, staging runs the next one already."""
    return prepared.restore(deploy_two_releases)


def to_prod(project: Project, *more: str) -> CommandResult:
    return project.run("promote", "staging", "prod", "--yes", "--json", *more)


def refused(ran: CommandResult, *codes: str, exits: int = 3) -> dict[str, Any]:
    """The first problem of a refusal by these guards."""
    assert (ran.code, [code for code in ran.codes if code.startswith("G")]) == (exits, list(codes)), ran.out
    return dict(ran.document["problems"][0])


def present(project: Project, environment: str) -> dict[str, Any]:
    shown = project.run_checked("status", "--json").document["result"]["environments"]
    return dict(next(each for each in shown if each["environment"] == environment)["present"])


@pytest.mark.night
def test_guards_of_a_release_refuse_until_met(tiny: Project) -> None:
    """G101 and G102: its way; G103: its verification, which `--no-verify` leaves out."""
    ask_for(tiny, more='[checks.smoke]\nkind = "command"\ncommand = ["test", "-e", "works"]\n')
    failed = tiny.run("apply", "dev", "--yes", "--json")
    assert (failed.code, failed.codes) == (1, ["E410"])
    problem = refused(tiny.run("promote", "dev", "staging", "--yes", "--json"), "G103")
    assert problem["hint"] == "envctl verify dev"
    (tiny.root / "works").touch()
    tiny.run_checked("verify", "dev")
    refused(tiny.run("promote", "dev", "prod", "--yes", "--json"), "G101")
    tiny.run_checked("promote", "dev", "staging", "--yes")
    version(tiny, 2)
    unverified = tiny.run_checked("apply", "dev", "--yes", "--no-verify", "--json").document["result"]["release"]
    refused(tiny.run("promote", "dev", "staging", "--yes", "--json"), "G103")
    refused(to_prod(tiny, "--release", unverified), "G102")
    assert to_prod(tiny).code == 0


def test_gates_of_prod_refuse_until_met(ready: Project) -> None:
    """Each of G104 to G108, G205 and G206 alone; then all of them let the same release pass."""
    now = datetime.now(UTC)
    start, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 2))
    window = f'{{ kind = "deny", name = "freeze", start = "{start}", end = "{end}" }}'

    ask_for(ready, f'{OPEN}\nsoak = "1h"')
    evidence = present(ready, "staging")["evidence"]
    verified = max(datetime.fromisoformat(each["verified_at"]) for each in evidence.values())
    opens = datetime.fromisoformat(refused(to_prod(ready), "G104", exits=4)["opens"])
    assert timedelta() <= opens - verified - timedelta(hours=1) < timedelta(minutes=1)

    ask_for(ready, f'{OPEN}\nmax_age = "1s"')
    # Looked at and not tried: within a second a promotion could still pass, and record what it passed by.
    wait_until(lambda: '"outcome": "refuses"' in ready.run("why", "prod", "--json").out)
    refused(to_prod(ready), "G105")

    ask_for(ready, "")
    problem = refused(to_prod(ready), "G106", exits=4)
    assert all(f"{gate} (0 of 1)" in problem["message"] for gate in ("peer", "business", "quality"))

    ask_for(ready, f"{OPEN}\nwindows = [{window}]")
    assert refused(to_prod(ready), "G107", exits=4)["opens"].startswith(end)

    ask_for(ready)
    ready.run_checked("lock", "prod", "--reason", "the auditors are here")
    assert "the auditors are here" in refused(to_prod(ready), "G108", exits=4)["message"]
    ready.run_checked("unlock", "prod")

    ask_for(ready, more="[parity]\nmay_differ = []\n")
    ran = to_prod(ready)
    assert "differ in name" in refused(ran, "G205", "G205")["message"]
    line = ran.document["problems"][1]
    assert "environments/staging/terraform.tfvars:1" in line["message"]
    assert (line["file"], line["line"]) == ("environments/prod/terraform.tfvars", 1)

    ask_for(ready, f"{OPEN}\ncommitted = true")
    refused(to_prod(ready), "G206")

    met = f'committed = false\nsoak = "1s"\nmax_age = "10h"\nwindows = [{window.replace("deny", "allow")}]'
    ask_for(ready, f"{PEER}\n{met}", more='[parity]\nmay_differ = ["name"]\n')
    refused(ready.run(*APPROVE, "--json"), "G106")
    ready.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
    ready.run_checked("approve", "prod", "--gate", "peer", "--withdraw", GIT_AUTHOR_EMAIL=BOB)
    refused(to_prod(ready), "G106", exits=4)
    ready.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
    wait_until(lambda: to_prod(ready).code == 0)


@pytest.mark.night
def test_approval_expires_and_is_not_revived(ready: Project) -> None:
    ask_for(ready, f'{PEER}\nexpires = "1s"')
    ready.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
    # Looked at and not tried: within a second a promotion could still pass, and record what it passed by.
    wait_until(lambda: " expired " in ready.run("why", "prod", "--json").out)
    assert " expired " in refused(to_prod(ready), "G106", exits=4)["message"]
    ask_for(ready, f'{PEER}\nexpires = "1h"')
    # What was given under other rules is not revived by these.
    refused(to_prod(ready), "G106", exits=4)


@pytest.mark.night
def test_g108_hold_after_a_rollback(updating: Project) -> None:
    first = present(updating, "prod")["current"]["release"]
    assert to_prod(updating).code == 0
    back = updating.run_checked("rollback", "prod", "--yes", "--json").document["result"]
    assert (back["release"], back["action"]) == (first, "rollback")
    refused(to_prod(updating), "G108")
    version(updating, 3)
    deploy(updating, "prod")
    assert present(updating, "prod")["holds"] == {}


@pytest.mark.night
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


@pytest.mark.night
def test_g204_settings(ready: Project) -> None:
    file = "environments/prod/terraform.tfvars"
    good = (ready.root / file).read_text()
    ready.write(file, good.replace("name ", "nmae "))
    ran = to_prod(ready)
    refused(ran, "G204")
    assert {(p["code"], p["file"], p["line"]) for p in ran.document["problems"]} >= {("E203", file, 1)}
    ready.write(file, good)
    assert to_prod(ready).code == 0


@pytest.mark.night
def test_g301_protection(updating: Project) -> None:
    outside(updating, names=("a",))
    ask_for(updating, prod="protected = true", more='[protection]\nstateful = ["terraform_data"]\n')
    assert 'delete base: terraform_data.each["b"]' in refused(to_prod(updating), "G301")["message"]
    refused(updating.run("destroy", "prod", "--yes", "--json"), "G301")
    ask_for(updating, prod="protected = true\nmax_destroys = 0")
    assert "max_destroys is 0" in refused(to_prod(updating), "G301")["message"]
    ask_for(updating, prod="protected = true\nmax_destroys = 1")
    assert to_prod(updating).code == 0


@pytest.mark.night
def test_moved_or_forgotten_resource_is_not_deleted(updating: Project) -> None:
    ask_for(updating, prod="protected = true\nmax_destroys = 0", more='[protection]\nstateful = ["terraform_data"]\n')
    forgets = (
        BASE.replace('resource "terraform_data" "each"', 'resource "terraform_data" "all"')
        .replace("length(terraform_data.each)", "length(terraform_data.all)")
        .replace("for_each = toset(local.seen.names)", 'for_each = toset(["a"])')
    )
    blocks = (
        '\nmoved {\n  from = terraform_data.each["a"]\n  to   = terraform_data.all["a"]\n}\n'
        "\nremoved {\n  from = terraform_data.each\n  lifecycle {\n    destroy = false\n  }\n}\n"
    )
    updating.write("modules/base/main.tf", forgets + blocks)
    deploy(updating, "staging")
    done = to_prod(updating)
    assert done.code == 0, done.out
    actions = {r["address"]: r["action"] for r in done.document["result"]["plan"]["stacks"][0]["resources"]}
    assert actions == {'terraform_data.all["a"]': "move", 'terraform_data.each["b"]': "forget"}


@pytest.mark.night
def test_an_unprotected_environment_is_destroyed_and_built_again(ready: Project) -> None:
    ready.run_checked("destroy", "dev", "--yes")
    assert present(ready, "dev")["current"] is None
    state = json.loads((ready.root / ".envctl/state/dev/base.tfstate").read_text())
    assert state["resources"] == []
    ready.run_checked("apply", "dev", "--yes")
    assert ready.run("plan", "dev", "--detailed-exitcode").code == 0


@pytest.mark.night
def test_g303_rehearsed(updating: Project) -> None:
    outside(updating, names=("a", "b", "c"))
    ask_for(updating, f'{OPEN}\nrehearsed = "refuse"')
    assert "create terraform_data" in refused(to_prod(updating), "G303")["message"]
    ask_for(updating, f'{OPEN}\nrehearsed = "warn"')
    ran = to_prod(updating)
    assert ran.code == 0
    assert [warning["code"] for warning in ran.document["result"]["warnings"]] == ["G303"]


class TestApprovedPlan:
    """G302: what was approved is what happens. Real plans of the same release with the same settings."""

    @pytest.fixture
    def approved(self, prepared: PreparedProjects) -> Project:
        """A second release, whose plan for prod, an update in place, has been approved."""
        return prepared.restore(approve_update)

    @pytest.mark.night
    def test_approval_is_independent_of_run_order_and_place(self, approved: Project, tmp_path: Path) -> None:
        outside(approved, names=("b", "a"))
        elsewhere = Project(tmp_path / "elsewhere" / "machine", approved.home)
        shutil.copytree(approved.root, elsewhere.root)
        shutil.rmtree((elsewhere.root / ".envctl" / "work").resolve())
        assert to_prod(elsewhere).code == 0
        assert to_prod(approved).code == 0

    def test_plan_beyond_approval_is_refused_and_named(self, approved: Project) -> None:
        beyond: dict[str, dict[str, Any]] = {
            'create base: terraform_data.each["c"]': {"names": ("a", "b", "c")},
            'delete base: terraform_data.each["b"]': {"names": ("a",)},
            "update base: terraform_data.this": {"tag": "red"},
            "replace base: terraform_data.this": {"trigger": "2"},
        }
        for told, changed in beyond.items():
            outside(approved, **changed)
            assert told in refused(to_prod(approved), "G302", exits=4)["message"]
        approved.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
        assert to_prod(approved).code == 0

    def test_rest_of_approved_plan_passes(self, approved: Project) -> None:
        file = approved.root / ".envctl/state/prod/base.tfstate"
        before = json.loads(file.read_text())
        outside(approved, names=("a", "b", "c", "d"))
        approved.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
        outside(approved, names=("a", "b", "c"))
        assert "update base: output count" in refused(to_prod(approved), "G302", exits=4)["message"]
        outside(approved, tag="red")
        approved.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
        outside(approved)
        assert to_prod(approved).code == 0
        assert json.loads(file.read_text())["serial"] > before["serial"]

    def test_plan_values_are_never_stored(self, approved: Project) -> None:
        kept = list((approved.root / ".envctl/store/plans").iterdir())
        assert kept
        assert not any(b"blue" in plan.read_bytes() for plan in kept)
        assert list((approved.root / ".envctl/work").rglob("*.tfplan")) == []


@pytest.mark.night
def test_waiver_needs_listing_and_leaves_a_debt(ready: Project) -> None:
    ran = to_prod(ready, "--break-glass", " ")
    assert (ran.code, ran.codes) == (64, ["E008"])
    ask_for(ready, f'{OPEN}\nsoak = "1h"\nwaivable = ["soak"]')
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
    deploy(ready, "prod")
    assert present(ready, "prod")["debts"] == []


def test_http_check_verifies_a_deployment(tiny: Project, page: "Page") -> None:
    ask_for(tiny, more=f'[checks.http]\nurl = "{page.url}"\ntimeout = "1s"\n')
    page.status = 503
    failed = tiny.run("apply", "dev", "--yes", "--json")
    assert (failed.code, failed.codes) == (1, ["E410"])
    assert "503" in failed.document["problems"][0]["message"]
    page.status = 200
    assert tiny.run_checked("verify", "dev", "--json").document["result"]["checks"][0]["outcome"] == "passed"


@pytest.mark.night
def test_output_check_reads_terraform_output(tiny: Project) -> None:
    ask_for(tiny, more='[checks.size]\nkind = "output"\noutput = "base.count"\nequals = 2\n')
    tiny.run_checked("apply", "dev", "--yes")
    outside(tiny, names=("a",))
    failed = tiny.run("apply", "dev", "--yes", "--json")
    assert (failed.code, failed.codes) == (1, ["E410"])


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
