"""Results of check blocks in plan documents, and which code may have such blocks."""

import json
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.plans.check_results import has_check_blocks, parse_checks
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import Location, OperationFailedError
from envctl.usecases.ports.terraform import CheckBlock, PreparedStack
from tests.catching import catch


def lay(folder: Path, files: dict[str, str], modules: dict[str, str] | None = None) -> Site:
    for name, text in {"dev/web/main.tf.json": "{}", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if modules is not None:
        record = folder / "dev/web/.terraform/modules/modules.json"
        record.parent.mkdir(parents=True)
        record.write_text(json.dumps({"Modules": [{"Key": key, "Dir": where} for key, where in modules.items()]}))
    return Site("dev", PreparedStack("web"), folder / "dev/web")


WEB = {"": ".", "web": "../.code/modules/web", "web.db": "../.code/modules/db"}
CODE: dict[str, tuple[str, bool]] = {
    "a block": ('check "a" {\n}', True),
    "a block without quotes": ("  check a {\n}", True),
    "a block behind a comment": ('/* of */ check /* the */ "a" { # page\n}', True),
    "a block of JSON": ('{"check" : {"a": {}}}', True),
    "a variable": ('variable "health_check" {}\nlocals { check = 1 }', False),
    "a comment": ("# check that it runs\n", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize(("text", "found"), CODE.values(), ids=CODE.keys())
@pytest.mark.parametrize("name", ["main.tf", "a.tofu", "a.tf.json", "a.tofu.json"])
def test_code_with_check_blocks_is_found(tmp_path: Path, text: str, found: bool, name: str) -> None:
    assert has_check_blocks(lay(tmp_path, {f"dev/.code/modules/db/{name}": text}, WEB)) is found
    assert has_check_blocks(lay(tmp_path / "root", {f"dev/web/{name}": text})) is found


def test_only_code_of_the_stack_is_searched(tmp_path: Path) -> None:
    block = CODE["a block"][0]
    others = {"dev/.code/modules/other/main.tf": block, "dev/.code/modules/web/README.md": block}
    assert not has_check_blocks(lay(tmp_path, others, WEB))


def result(address: str, status: str, *messages: str, kind: str = "check") -> dict[str, Any]:
    problems = [{"message": text} for text in messages]
    instances = [{"address": {"to_display": address}, "status": status, **({"problems": problems} if messages else {})}]
    return {"address": {"kind": kind, "to_display": address}, "status": status, "instances": instances}


def parse(site: Site, *checks: dict[str, Any]) -> list[CheckBlock]:
    return parse_checks(site, {"checks": list(checks)}, lambda text: text.replace("hunter2", "***"))


def test_blocks_of_plan_are_parsed(tmp_path: Path) -> None:
    code = {"dev/.code/modules/db/main.tf": '\ncheck "size" {\n}\n', "dev/.code/modules/web/more.tf": 'check "up" {}'}
    found = parse(
        lay(tmp_path, code, WEB),
        result("module.web.check.up", "pass"),
        result("module.web.module.db.check.size", "fail", "too small", "of hunter2"),
        result("module.web.module.db.check.gone", "error"),
        result("module.web.aws_vpc.a", "unknown", kind="resource"),
    )
    assert found == [
        CheckBlock("check.up", "pass"),
        CheckBlock("module.db.check.size", "fail", ("too small", "of ***"), Location("modules/db/main.tf", 2)),
        CheckBlock("module.db.check.gone", "error"),
    ]


def test_messages_of_all_instances_are_told(tmp_path: Path) -> None:
    raw = result("module.web.check.up", "fail", "one")
    raw["instances"] = [*raw["instances"], {"status": "pass"}, {"status": "fail", "problems": [{"message": "two"}, {}]}]
    assert parse(lay(tmp_path, {}, WEB), raw)[0].messages == ("one", "two", "")


def test_plan_without_checks_has_no_blocks(tmp_path: Path) -> None:
    assert parse_checks(lay(tmp_path, {}, WEB), {}, str) == []


def test_unreadable_result_is_no_pass(tmp_path: Path) -> None:
    failed = catch(OperationFailedError, parse, lay(tmp_path, {}, WEB), {"status": "pass"})
    assert failed.problems[0].code == "E304"
