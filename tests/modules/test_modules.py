"""The modules of the example: what their own tests say, and what their pages say."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tools import module_pages

from tests.modules.refusals import drop_refusals, gather_refusals

MODULES = module_pages.MODULES
NAMES = module_pages.names()


@dataclass(frozen=True)
class OwnTests:
    """Runs the tests of a module with Terraform."""

    terraform: tuple[str, ...]
    variables: dict[str, str]

    def count_passed(self, workdir: Path) -> int:
        for arguments in (["init", "-backend=false"], ["test"]):
            done = subprocess.run(
                [*self.terraform, *arguments, "-no-color"],
                cwd=workdir,
                env=self.variables,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"terraform {arguments[0]}:\n{done.stdout}{done.stderr}"
        passed = re.search(r"Success! (\d+) passed, 0 failed", done.stdout)
        assert passed, done.stdout
        return int(passed[1])


@pytest.fixture
def own_tests(terraform: tuple[str, ...], terraform_env: dict[str, str], mocked_provider: dict[str, str]) -> OwnTests:
    return OwnTests(terraform, terraform_env | mocked_provider)


@pytest.mark.terraform
@pytest.mark.parametrize("name", NAMES)
def test_module_passes_its_own_tests(name: str, own_tests: OwnTests, tmp_path: Path) -> None:
    workdir = tmp_path / "modules" / name
    # The folder above is copied too, so that a module may use its neighbours.
    shutil.copytree(MODULES, workdir.parent, ignore=shutil.ignore_patterns(".terraform*"))
    if not os.environ.get("COLD_STARTS"):
        # By day the next test has them, in a quarter of the time.
        drop_refusals(workdir)
    assert own_tests.count_passed(workdir) > 0


@pytest.mark.terraform
def test_variables_refuse_what_the_modules_tests_say(own_tests: OwnTests, tmp_path: Path) -> None:
    count = gather_refusals(MODULES, tmp_path / "refusals")
    assert own_tests.count_passed(tmp_path / "refusals") == count > len(NAMES)


@pytest.mark.terraform
def test_files_are_formatted(terraform: tuple[str, ...], terraform_env: dict[str, str]) -> None:
    done = subprocess.run(
        [*terraform, "fmt", "-check", "-recursive", "modules", "environments"],
        cwd=MODULES.parent,
        env=terraform_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"not formatted:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("name", NAMES)
def test_module_page_has_tables_of_its_code(name: str) -> None:
    written = (MODULES / name / "README.md").read_text(encoding="utf-8")
    assert written == module_pages.page(name), f"write it anew: make pages ({name})"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("file", "kind"), [("variables.tf", "variable"), ("outputs.tf", "output")])
def test_module_describes_all_variables_and_outputs(name: str, file: str, kind: str) -> None:
    source = (MODULES / name / file).read_text(encoding="utf-8")
    described = re.findall(rf'^{kind} "\w+" {{\n  description = ".+"$', source, re.MULTILINE)
    assert len(described) == len(re.findall(rf"^{kind} ", source, re.MULTILINE)), "each one starts with its description"


@pytest.mark.parametrize("name", NAMES)
def test_variables_have_types_and_validations_have_tests(name: str) -> None:
    source = (MODULES / name / "variables.tf").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in (MODULES / name / "tests").glob("*.tftest.hcl"))
    blocks = re.findall(r'^variable "(\w+)" {\n(.*?)^}', source, re.MULTILINE | re.DOTALL)
    assert [word for word, body in blocks if not re.search(r"^  type\s+= ", body, re.MULTILINE)] == []
    validated = [word for word, body in blocks if re.search(r"^  validation {", body, re.MULTILINE)]
    refused = set(re.findall(r"var\.(\w+)", " ".join(re.findall(r"expect_failures\s*=\s*\[([^\]]*)\]", tests))))
    assert [word for word in validated if word not in refused] == []


@pytest.mark.parametrize("name", NAMES)
def test_module_has_no_provider_block(name: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (MODULES / name).glob("*.tf")]
    assert not any(re.search(r"^provider\s", source, re.MULTILINE) for source in sources)
