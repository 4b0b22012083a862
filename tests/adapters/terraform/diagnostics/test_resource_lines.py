"""The lines of blocks behind planned resources, in modules and in roots."""

import json
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.diagnostics.resource_lines import locate_resource
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.usecases.ports.terraform import PreparedStack

CODE = '# resource "aws_iam_role" "a" {\n\nresource "aws_iam_role" "b" {\n}\n  resource aws_iam_role a {\n}\n'


def change(module: str = "", name: str = "a") -> dict[str, Any]:
    return {"type": "aws_iam_role", "name": name, **({"module_address": module} if module else {})}


def make_site(path: Path, root: str = "") -> Site:
    return Site("dev", PreparedStack("web", root=root), path / "web" / root)


@pytest.mark.parametrize("address", ["module.web", 'module.web[0].module.x["a.module.b]"]'])
def test_block_in_a_module_has_the_line_of_the_project(tmp_path: Path, address: str) -> None:
    site, folders = make_site(tmp_path), {"web": "../.code/modules/web", "web.x": "../.code/modules/x"}
    (site.directory / ".terraform/modules").mkdir(parents=True)
    record = {"Modules": [{"Key": key, "Dir": folder} for key, folder in folders.items()]}
    (site.directory / ".terraform/modules/modules.json").write_text(json.dumps(record))
    for folder in folders.values():
        (site.directory / folder).mkdir(parents=True)
        (site.directory / folder / "main.tf").write_text(CODE)
    wanted = "modules/x" if "x" in address else "modules/web"
    assert str(locate_resource(site, change(address))) == f"{wanted}/main.tf:5"
    assert locate_resource(site, change(address, "c")) is None
    assert locate_resource(site, change("module.gone")) is None


def test_block_in_a_root_has_the_line_of_the_project(tmp_path: Path) -> None:
    site = make_site(tmp_path, "stacks/web")
    site.directory.mkdir(parents=True)
    (site.directory / "roles.tf").write_text(CODE)
    assert str(locate_resource(site, change())) == "stacks/web/roles.tf:5"
    assert locate_resource(site, change("module.web")) is None
