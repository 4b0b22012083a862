"""Real Terraform, with states where a project says: in other backends, by a template of the key, in a workspace."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import Project
from tests.e2e.project_text import OPEN, render_project
from tests.e2e.stacks.state_server import PASSWORD, USER, StateServer, serve_states

pytestmark = pytest.mark.terraform

READER = 'inputs = { of = "base.name" }'
BASE = """
resource "terraform_data" "one" {
  input = terraform.workspace
}
output "name" { value = terraform_data.one.output }
"""
WEB = """
variable "of" { type = string }
resource "terraform_data" "two" {
  input = var.of
}
output "of" { value = var.of }
"""


def create_project(folder: Path, state: str, **extra: str) -> Project:
    (folder / "home").mkdir()
    project = Project(folder / "tiny", folder / "home", extra)
    gates = {"staging": OPEN}
    toml = render_project("tiny", {"base": "", "web": READER}, ["dev", "staging"], gates=gates, more=state)
    project.write("envctl.toml", toml)
    project.write("modules/base/main.tf", BASE)
    project.write("modules/web/main.tf", WEB)
    return project


def deploy_everywhere(project: Project) -> None:
    project.run_checked("--yes", "apply", "dev")
    project.run_checked("--yes", "promote", "dev", "staging")
    project.run_checked("plan", "staging", "--detailed-exitcode")
    project.run_checked("drift")


def read_output(project: Project, environment: str) -> Any:
    return json.loads(project.run_checked("--json", "output", environment, "web.of").out)["result"]


def list_resources(state: bytes) -> list[str]:
    return [each["type"] for each in json.loads(state)["resources"] if each["mode"] == "managed"]


def search_secret(project: Project, secret: str) -> list[str]:
    files = [path for path in project.list_files() if secret.encode() in path.read_bytes()]
    return [os.path.relpath(path, project.root) for path in files]


def test_local_states_are_where_the_template_says(tmp_path: Path) -> None:
    project = create_project(tmp_path, '\n[state]\npath = "states/{env}/{stack}.json"\n')
    deploy_everywhere(project)
    found = sorted(os.fspath(path.relative_to(project.root)) for path in (project.root / "states").rglob("*.json"))
    assert found == [f"states/{env}/{stack}.json" for env in ("dev", "staging") for stack in ("base", "web")]
    assert not (project.root / ".envctl/state").exists()


@pytest.mark.night
def test_states_in_workspaces_are_read_and_written(tmp_path: Path) -> None:
    project = create_project(tmp_path, '\n[state]\nworkspace = "{env}"\npath = "old/{stack}/terraform.tfstate"\n')
    ran = project.run_checked("--yes", "apply", "dev")
    assert "removed" not in ran.err
    deploy_everywhere(project)
    found = sorted(os.fspath(path.relative_to(project.root)) for path in (project.root / "old").rglob("*.tfstate"))
    assert found == [
        f"old/{stack}/terraform.tfstate.d/{env}/terraform.tfstate"
        for stack in ("base", "web")
        for env in ("dev", "staging")
    ]
    assert "dev" in project.run_checked("output", "dev", "web.of").out
    assert "staging" in project.run_checked("output", "staging", "web.of").out
    project.run_checked("--yes", "destroy", "dev")
    assert not list_resources((project.root / found[0]).read_bytes())


@pytest.fixture
def server() -> Iterator[StateServer]:
    with serve_states() as found:
        yield found


HTTP = """
[state]
backend = "http"
address = "{url}/states/{{env}}/{{stack}}"
lock_address = "{url}/states/{{env}}/{{stack}}/lock"
unlock_address = "{url}/states/{{env}}/{{stack}}/lock"
lock_method = "LOCK"
unlock_method = "UNLOCK"
"""


def create_http_project(folder: Path, server: StateServer) -> Project:
    credentials = {"TF_HTTP_USERNAME": USER, "TF_HTTP_PASSWORD": PASSWORD}
    return create_project(folder, HTTP.format(url=server.url), **credentials)


def test_http_states_are_written_under_their_lock(tmp_path: Path, server: StateServer) -> None:
    project = create_http_project(tmp_path, server)
    deploy_everywhere(project)
    assert sorted(server.states) == [
        f"/states/{env}/{stack}" for env in ("dev", "staging") for stack in ("base", "web")
    ]
    assert {"LOCK /states/dev/web/lock", "UNLOCK /states/dev/web/lock"} <= set(server.calls)
    assert not server.locks
    assert not search_secret(project, PASSWORD)


@pytest.mark.night
def test_held_http_lock_is_named_and_can_be_broken(tmp_path: Path, server: StateServer) -> None:
    project = create_http_project(tmp_path, server)
    project.run_checked("--yes", "apply", "dev")
    held = {"ID": "5b1f", "Operation": "OperationTypeApply", "Who": "ann@ci", "Created": "2026-11-28T01:00:00Z"}
    server.locks["/states/dev/web/lock"] = json.dumps(held).encode()
    project.write("modules/web/main.tf", WEB.replace("var.of\n", '"${var.of}!"\n'))
    ran = project.run("--yes", "--json", "apply", "dev")
    assert ran.codes == ["E306"], ran.out
    message = ran.document["problems"][0]["message"]
    assert "web is locked by ann@ci for apply since 2026-11-28 01:00:00 UTC" in message
    assert "5b1f" in message
    run_terraform(project, "web", "force-unlock", "-force", "5b1f")
    project.run_checked("--yes", "apply", "dev")


@pytest.mark.night
def test_lost_http_state_is_refused(tmp_path: Path, server: StateServer) -> None:
    project = create_http_project(tmp_path, server)
    project.run_checked("--yes", "apply", "dev")
    toml = (project.root / "envctl.toml").read_text()
    project.write("envctl.toml", toml.replace("/states/", "/other/"))
    for command in (("plan", "dev"), ("--yes", "apply", "dev"), ("--yes", "promote", "dev", "staging")):
        ran = project.run("--json", *command)
        if command[1] == "promote":
            continue
        assert ran.codes and set(ran.codes) <= {"E321"}, (command, ran.out)


@pytest.fixture
def database() -> Iterator[str]:
    """A PostgreSQL of the machine, reached by a socket in a folder. It refuses to run as root."""
    installed = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), Path(shutil.which("initdb") or "initdb")]
    initdb = installed[0]
    # The path of a socket has 107 characters at most, and the folders of pytest are private.
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder, user = Path(name), "nobody" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)

        def run(program: str, *words: str | Path) -> None:
            line = [initdb.with_name(program), "-D", folder / "data", *words]
            subprocess.run(line, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=user)

        run("initdb", "--username=envctl", "--auth=trust", "--no-sync")
        run("pg_ctl", "-w", "-l", folder / "log", "-o", f"-c listen_addresses='' -k {folder}", "start")
        try:
            yield f"postgres:///postgres?host={folder}&user=envctl&sslmode=disable"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


@pytest.mark.database
def test_states_live_in_schemas_of_postgresql(tmp_path: Path, database: str) -> None:
    project = create_project(tmp_path, '\n[state]\nbackend = "pg"\n', PG_CONN_STR=database)
    deploy_everywhere(project)
    assert "default" in project.run_checked("output", "staging", "web.of").out
    assert not search_secret(project, "sslmode=disable")


def run_terraform(project: Project, stack: str, *words: str) -> bytes:
    """Run plain Terraform in the folder of a stack of dev, as a person does."""
    folder = project.root / ".envctl/work/dev" / stack
    line = [*find_embedded(), *words]
    return subprocess.run(line, cwd=folder, env=project.build_environment(), check=True, capture_output=True).stdout


@pytest.mark.night
def test_state_moves_as_the_page_says(tmp_path: Path) -> None:
    project = create_project(tmp_path, '\n[state]\npath = "old/{env}/{stack}.tfstate"\n')
    project.run_checked("--yes", "apply", "dev")
    for stack in ("base", "web"):
        (tmp_path / stack).write_bytes(run_terraform(project, stack, "state", "pull"))
    toml = (project.root / "envctl.toml").read_text().replace("old/{env}/{stack}.tfstate", "new/{stack}.tfstate")
    project.write("envctl.toml", toml + 'workspace = "{env}"\n')
    ran = project.run("--json", "plan", "dev")
    assert "E321" in ran.codes
    assert "envctl explain E321" in ran.document["problems"][-1]["hint"]
    there = replace(project, extra={"TF_WORKSPACE": "dev"})
    for stack in ("base", "web"):
        run_terraform(there, stack, "state", "push", str(tmp_path / stack))
    ran = project.run("--json", "--yes", "apply", "dev")
    assert ran.code == 0, ran.out
    assert sorted(path.name for path in (project.root / "new").iterdir()) == ["base.tfstate.d", "web.tfstate.d"]


@pytest.mark.night
def test_renamed_stack_leaves_its_fixed_state_alone(tmp_path: Path) -> None:
    project = create_project(tmp_path, '\n[stacks.web.state]\npath = "old/{env}.tfstate"\n')
    project.run_checked("--yes", "apply", "dev")
    before = list_resources((project.root / "old/dev.tfstate").read_bytes())
    toml = (project.root / "envctl.toml").read_text().replace("[stacks.web", "[stacks.front")
    toml = toml.replace('module = "modules/web"', 'module = "modules/web"\nmoved_from = "web"')
    project.write("envctl.toml", toml)
    project.run_checked("--yes", "apply", "dev")
    project.run_checked("plan", "dev", "--detailed-exitcode")
    assert list_resources((project.root / "old/dev.tfstate").read_bytes()) == before
    assert not (project.root / ".envctl/state/dev/web.tfstate").exists()


@pytest.mark.night
def test_leaving_stack_is_destroyed_at_its_own_place(tmp_path: Path) -> None:
    project = create_project(tmp_path, '\n[stacks.web.state]\npath = "old/{env}.tfstate"\n')
    project.run_checked("--yes", "apply", "dev")
    toml = (project.root / "envctl.toml").read_text()
    head, _, _ = toml.partition("[stacks.web]")
    project.write("envctl.toml", f'{head}[removed.web]\nthen = "destroy"\n')
    # Without its keys, the state is not found: nothing is forgotten in silence.
    assert "E321" in project.run("--json", "--yes", "apply", "dev").codes
    project.write("envctl.toml", f'{head}[removed.web]\nthen = "destroy"\nstate = {{ path = "old/{{env}}.tfstate" }}\n')
    project.run_checked("--yes", "apply", "dev")
    assert not list_resources((project.root / "old/dev.tfstate").read_bytes())


@pytest.mark.night
@pytest.mark.database
def test_held_lock_of_postgresql_is_no_lock_of_ours(tmp_path: Path, database: str) -> None:
    project = create_project(tmp_path, '\n[state]\nbackend = "pg"\n', PG_CONN_STR=database)
    project.run_checked("--yes", "apply", "dev")
    project.write("modules/web/main.tf", WEB.replace("var.of\n", '"${var.of}!"\n'))
    query = "SELECT pg_advisory_lock(id) FROM tiny_dev_web.states; SELECT pg_sleep(60)"
    with subprocess.Popen(["psql", database, "-c", query], stdout=subprocess.DEVNULL) as holder:
        try:
            time.sleep(1)
            ran = project.run("--yes", "--json", "apply", "dev")
            assert ran.codes == ["E306"]
            message = ran.document["problems"][0]["message"]
            assert message == "the Terraform state of web is locked by somebody"
        finally:
            holder.terminate()


@pytest.mark.night
def test_workspaces_of_plain_terraform_are_taken_over_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    project = Project(tmp_path / "old", tmp_path / "home", {"CHECKPOINT_DISABLE": "1"})
    project.write("stacks/web/main.tf", BASE)
    folder = project.root / "stacks/web"
    for environment in ("dev", "staging"):
        for words in (["init"], ["workspace", "new", environment], ["apply", "-auto-approve"]):
            line = [*find_embedded(), *words]
            subprocess.run(line, cwd=folder, env=project.build_environment(), check=True, capture_output=True)
    before = {path: path.read_bytes() for path in (folder / "terraform.tfstate.d").rglob("*.tfstate")}
    assert len(before) == 2
    gates = {"dev": 'waivable = ["known_state"]', "staging": f'{OPEN}\nwaivable = ["known_state"]'}
    state = '\n[state]\npath = "stacks/{stack}/terraform.tfstate"\nworkspace = "{env}"\n'
    toml = render_project("old", {"web": ""}, ["dev", "staging"], gates=gates, more=state)
    project.write("envctl.toml", toml.replace('module = "modules/web"', 'root = "stacks/web"'))
    assert project.run("plan", "dev", "--detailed-exitcode").code == 0
    project.run_checked("--yes", "apply", "dev", "--break-glass", "adopted")
    project.run_checked("--yes", "promote", "dev", "staging", "--break-glass", "adopted")
    for environment in ("dev", "staging"):
        assert project.run("plan", environment, "--detailed-exitcode").code == 0
    after = {path: json.loads(path.read_bytes())["resources"] for path in before}
    assert after == {path: json.loads(each)["resources"] for path, each in before.items()}


@pytest.mark.night
@pytest.mark.parametrize(
    ("kind", "state"),
    [("module", ""), ("root", ""), ("module", '\n[state]\nworkspace = "{env}"\n')],
    ids=["module", "root", "workspace"],
)
def test_stack_that_created_nothing_gets_resources(tmp_path: Path, kind: str, state: str) -> None:
    project = create_project(tmp_path, state)
    toml = (project.root / "envctl.toml").read_text()
    project.write("envctl.toml", toml.replace('module = "modules/web"', f'{kind} = "modules/web"'))
    nothing = 'variable "of" { type = string }\n'
    for code in (nothing, f'{nothing}resource "terraform_data" "two" {{\n  count = 0\n}}\n', WEB):
        project.write("modules/web/main.tf", code)
        ran = project.run("--json", "--yes", "apply", "dev")
        assert ran.code == 0, ran.out
    assert "default" in project.run_checked("output", "dev", "web.of").out or state
