"""`path.module` of every module of a root is that of plain Terraform: code may use it as a value."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import Project
from tests.e2e.stacks.test_roots import PROJECT, find_state, run_plainly
from tests.module_registry import ModuleRegistry, commit_repository, serve_registry

pytestmark = pytest.mark.terraform

TELL = """
resource "terraform_data" "here" {
  input = [path.module, path.root, file("${path.module}/told.txt"), fileset(path.module, "**/*.txt")]
}
"""
KEYS = (
    "local",
    "local.far",
    "part",
    "twice_a",
    "twice_b",
    "twice_a.inner",
    "twice_b.inner",
    "twice_a.deep",
    "twice_b.deep",
    "sub",
    "sub.up",
    "archive",
    "archive.inner",
    "only",
    "each",
)


def write_call(name: str, source: str, more: str = "") -> str:
    return f'module "{name}" {{\n  source = "{source}"\n{more}}}\n'


def write_root(project: Project, server: ModuleRegistry, root: str) -> None:
    """Every way to call a module: the registry, git, an archive with a top folder, folders in them, and local ones."""
    label, only = project.home / "label", project.home / "only"
    inner = {"inner/main.tf": TELL, "inner/told.txt": "inner"}
    commit = commit_repository(
        label,
        {"main.tf": TELL, "told.txt": "label", "modules/sub/told.txt": "sub"}
        | {"modules/sub/main.tf": TELL + write_call("up", "../../up"), "up/main.tf": TELL, "up/told.txt": "up"},
    )
    only_commit = commit_repository(only, {"a/b/main.tf": TELL, "a/b/told.txt": "only"})
    deep = write_call("deep", f"git::file://{label}?ref={commit}")
    code = {"main.tf": TELL + write_call("inner", "./inner") + deep, "told.txt": "vpc", **inner}
    vpc = server.publish_module("acme/vpc/null", "1.0.0", code)
    archived = {"main.tf": TELL + write_call("inner", "./inner"), "told.txt": "archived", **inner}
    server.modules["acme/packed/null"] = {"2.0.0": {f"packed-2.0.0/{path}": text for path, text in archived.items()}}
    packed = f"{server.url}/archives/acme/packed/null/2.0.0.tar.gz//*?archive=tar.gz"
    version = '  version = "1.0.0"\n'
    calls = [
        write_call("local", f"{'../../' if root != '.' else './'}modules/local"),
        write_call("part", f"{vpc}//inner", version),
        write_call("twice_a", vpc, version),
        write_call("twice_b", vpc, version),
        write_call("sub", f"git::file://{label}//modules/sub?ref={commit}"),
        write_call("archive", packed),
        write_call("only", f"git::file://{only}//a/b?ref={only_commit}"),
        write_call("each", f"git::file://{label}?ref={commit}", '  for_each = toset(["x", "y"])\n'),
    ]
    project.write("envctl.toml", PROJECT.replace("stacks/web", root))
    folder = "" if root == "." else f"{root}/"
    project.write(f"{folder}main.tf", "".join(calls))
    project.write("modules/local/main.tf", TELL + write_call("far", f"git::file://{only}//a/b?ref={only_commit}"))
    project.write("modules/local/told.txt", "local")


@pytest.mark.parametrize("root", keep_by_day(["stacks/web", "."], "stacks/web"))
def test_path_of_every_module_is_that_of_plain_terraform(tmp_path: Path, home: Path, root: str) -> None:
    project = Project(tmp_path / "site", home)
    with serve_registry() as server:
        rc = {"TF_CLI_CONFIG_FILE": str(server.write_cli_config(tmp_path))}
        project = replace(project, extra=rc)
        write_root(project, server, root)
        run_plainly(project, "init", folder=root, **rc)
        run_plainly(project, "apply", "-auto-approve", folder=root, **rc)
        folder = project.root / root
        record = json.loads((folder / ".terraform/modules/modules.json").read_text())["Modules"]
        assert {each["Key"] for each in record} == {"", *KEYS}
        for name in ("dev", "staging", "prod"):
            find_state(project, name).parent.mkdir(parents=True)
            shutil.copy(folder / "terraform.tfstate", find_state(project, name))
        shutil.rmtree(folder / ".terraform")
        plan = project.run_checked("plan", "dev")
        assert "web: no changes" in plan.out, plan.out
        project.run_checked("apply", "dev", "--yes", "--break-glass", "these resources are ours")
    work = project.root / ".envctl/work/dev/web" / root
    found = json.loads((work / ".terraform/modules/modules.json").read_text())["Modules"]
    assert {each["Key"]: each for each in found} == {each["Key"]: each for each in record}
    assert not (project.root / ".envctl/work/dev/web/.remote").exists()
    shutil.rmtree(project.home / "label")
    shutil.rmtree(project.root / ".envctl/cache")
    project.run_checked("promote", "dev", "staging", "--yes", "--break-glass", "these resources are ours")
    assert "web: no changes" in project.run_checked("plan", "staging").out
    shutil.rmtree((project.root / ".envctl/work").resolve())
    assert "web: no changes" in project.run_checked("plan", "staging").out
