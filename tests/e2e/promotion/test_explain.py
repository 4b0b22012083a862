"""Looking ahead with real plans: by cause, and in environments that a release may not go to yet."""

from pathlib import Path

import pytest

from tests.e2e.conftest import BASE, TOP, Project

pytestmark = pytest.mark.terraform

SIZE = 'variable "size" {\n  type    = number\n  default = 1\n}\n'
SIZED = SIZE + BASE.replace("input = var.name", "input = [var.name, var.size, 1]").replace(".output\n", ".output[0]\n")


def planted(project: Project) -> list[Path]:
    """The files in which a sensitive setting can be read, but for Terraform's own state."""
    files = [
        path for path in project.list_files() if {".envctl", ".cache"} & {*path.parts} and ".tfstate" not in path.name
    ]
    return [path for path in files if b"planted" in path.read_bytes()]


def test_plan_is_explained_by_code_and_settings(small: Project) -> None:
    small.write("modules/base/main.tf", SIZED)
    small.run_checked("apply", "dev", "--yes")
    small.write("modules/base/main.tf", SIZED.replace(", 1]", ", 2]"))
    settings = small.root / "environments/dev/terraform.tfvars"
    small.write("environments/dev/terraform.tfvars", settings.read_text() + "size = 3\n")

    ledger = small.run_checked("history", "--json").document["result"]
    told = small.run_checked("plan", "dev", "--explain", "--json").document["result"]
    paths = {
        part["cause"]: [
            attribute["path"]
            for stack in part["stacks"]
            for resource in stack["resources"]
            for attribute in resource["attributes"]
            if attribute["path"].startswith("input")
        ]
        for part in told["parts"]
    }
    assert paths == {"release": ["input[2]"], "settings": ["input[1]"]}
    assert [(pair["name"], pair["second"]["location"]) for pair in told["settings"]] == [
        ("size", {"file": "environments/dev/terraform.tfvars", "line": 3})
    ]
    assert small.run_checked("history", "--json").document["result"] == ledger

    shown = small.run_checked("plan", "dev", "--explain").out
    assert "size: 1 → 3  (environments/dev/terraform.tfvars:3)" in shown
    assert "main.tf" in shown
    # What lies ready is not what was compared with: the next plan is of the working tree.
    again = small.run_checked("plan", "dev", "--json").document["result"]
    assert [a["after"] for a in again["stacks"][0]["resources"][0]["attributes"] if a["path"] == "input[2]"] == [2]


@pytest.mark.night
def test_sensitive_setting_is_a_cause_without_value(small_in_dev: Project) -> None:
    small_in_dev.write("environments/dev/terraform.tfvars", 'name = "dev-name"\npassword = "planted-other-secret"\n')
    ran = small_in_dev.run_checked("plan", "dev", "--explain")
    assert "a sensitive setting has changed" in ran.out
    assert "Because of settings" in ran.out
    told = small_in_dev.run_checked("plan", "dev", "--explain", "--json")
    assert "planted" not in ran.out + ran.err + told.out
    assert planted(small_in_dev) == []


@pytest.mark.night
def test_new_release_is_previewed_in_every_environment(small_in_staging: Project) -> None:
    small_in_staging.write("modules/top/main.tf", TOP + 'variable "new" {\n  type = string\n}\n')
    settings = (small_in_staging.root / "environments/dev/terraform.tfvars").read_text()
    small_in_staging.write("environments/dev/terraform.tfvars", settings + 'new = "x"\n')
    ledger = small_in_staging.run_checked("history", "--json").document["result"]

    ran = small_in_staging.run("preview", "--json")
    assert ran.code == 78
    dev, staging, prod = ran.document["result"]["environments"]
    assert dev["plan"]["changes"] is False
    assert [problem["code"] for problem in staging["problems"]] == ["E205"]
    assert prod["plan"] is None

    release = small_in_staging.run_checked("status", "--json").document["result"]["environments"][0]["present"][
        "current"
    ]["release"]
    for name in ("staging", "prod"):
        small_in_staging.write(
            f"environments/{name}/terraform.tfvars", f'name = "{name}-other"\npassword = "planted"\n'
        )
    ran = small_in_staging.run("preview", "staging", "prod", "--release", release[:8], "--detailed-exitcode")
    assert ran.code == 2
    assert "staging: 2 to update" in ran.out or "staging:" in ran.out.rpartition("would do")[2]
    assert small_in_staging.run_checked("plan", "prod", "--release", release[:8]).out.startswith("prod: ")
    assert small_in_staging.run_checked("history", "--json").document["result"] == ledger
    small_in_staging.run_checked("promote", "dev", "staging", "--yes")
