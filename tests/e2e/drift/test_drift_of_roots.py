"""Drift of a root module that runs as it is, beside a module: real provider, sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Project, open_client, run_in_sandbox
from tests.e2e.project_text import render_project

pytestmark = pytest.mark.terraform

TOML = render_project("both", {"web": "", "site": ""}, ["dev"], on_aws=True)
TOML = TOML.replace('module = "modules/site"', 'root = "live/site"')
PARAMETER = (
    'resource "aws_ssm_parameter" "this" {{\n  name  = "/{name}"\n  type  = "String"\n  value = "as it is"\n}}\n'
)


@pytest.fixture
def both(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    project = Project(tmp_path / "both", home)
    project.write("envctl.toml", TOML)
    project.write("modules/web/main.tf", PARAMETER.format(name="web"))
    project.write("live/site/main.tf", 'module "web" {\n  source = "../../modules/in"\n}\n')
    project.write("modules/in/main.tf", PARAMETER.format(name="site"))
    with run_in_sandbox(project, unpacked_provider):
        yield project


@pytest.mark.night
def test_drift_of_root_is_named_and_fixed(both: Project) -> None:
    both.run_checked("--sandbox", "apply", "dev", "--yes")
    both.run_checked("--sandbox", "drift", "dev")
    parameters = open_client(both, "dev", "ssm")
    for name in ("/web", "/site"):
        parameters.put_parameter(Name=name, Value="by hand", Type="String", Overwrite=True)

    drifted = both.run("--sandbox", "drift", "dev", "--json")
    assert drifted.code == 2, drifted.out
    text = both.run("--sandbox", "drift", "dev").out
    assert "module.web.aws_ssm_parameter.this" in text, "of the root, which calls a module web"
    assert text.count("module.web.") == 1

    both.run_checked("--sandbox", "drift", "dev", "--fix", "--yes")
    values = parameters.get_parameters(Names=["/web", "/site"])["Parameters"]
    assert {each["Value"] for each in values} == {"as it is"}
    both.run_checked("--sandbox", "drift", "dev")
