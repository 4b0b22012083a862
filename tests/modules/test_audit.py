"""`make audit` without its scanners: what it lays out for them, what it makes of their answers, and that every finding
that the modules pass over has a reason."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tools import audit
from tools.audit import Finding

MODULES = Path(__file__).parents[2] / "modules"
SOURCES = sorted(MODULES.glob("*/*.tf"))
SKIP = re.compile(r"  #checkov:skip=CKV2?_AWS_\d+(,CKV2?_AWS_\d+)*:\S+( \S+){2,}")
IGNORE = re.compile(r" *#trivy:ignore:AWS-\d{4}( trivy:ignore:AWS-\d{4})*")
WHY = re.compile(r" *# \S+( \S+){2,}")

FOUND = Finding("modules/vpc/main.tf", 7, "CKV_AWS_1", "aws_vpc.this: it should", "checkov")


def test_finding_of_several_environments_is_named_once() -> None:
    also = replace(FOUND, says="module.network.aws_vpc.this: it should")
    assert audit.distinct([also, FOUND, also]) == [FOUND]


def test_findings_are_sorted_by_place() -> None:
    later, other, elsewhere = replace(FOUND, line=9), replace(FOUND, check="CKV_AWS_2"), replace(FOUND, where="a.tf")
    assert audit.distinct([later, other, FOUND, elsewhere]) == [elsewhere, FOUND, other, later]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/code/modules/vpc/main.tf", "modules/vpc/main.tf"),
        ("code/modules/vpc/main.tf", "modules/vpc/main.tf"),
        ("/dev/network/main.tf.json", "dev/network/main.tf.json"),
    ],
)
def test_place_is_named_as_in_the_repository(path: str, where: str) -> None:
    each = {
        "file_path": path,
        "file_line_range": [7, 9],
        "check_id": "CKV_AWS_1",
        "resource": "aws_vpc.this",
        "check_name": "it should",
    }
    assert audit.of_checkov(each) == replace(FOUND, where=where)


def test_trivy_finding_has_its_severity() -> None:
    cause = {"Resource": "aws_vpc.this", "StartLine": 7}
    each = {"ID": "AWS-0001", "Title": "it should", "Severity": "LOW", "CauseMetadata": cause}
    says = "aws_vpc.this: it should (low)"
    assert audit.of_trivy("code/modules/vpc/main.tf", each) == replace(
        FOUND, check="AWS-0001", says=says, scanner="trivy"
    )


@pytest.mark.slow
def test_every_rendered_root_module_finds_its_code(tmp_path: Path) -> None:
    names = audit.lay_out(tmp_path)
    assert {"dev", "staging", "prod"} <= set(names)
    for name in names:
        roots = list((tmp_path / name).glob("*/main.tf.json"))
        assert roots
        for root in roots:
            calls = json.loads(root.read_text(encoding="utf-8"))["module"].values()
            assert [
                call["source"] for call in calls if not (root.parent / call["source"] / "versions.tf").exists()
            ] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_skipped_finding_has_a_reason(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "checkov:skip" in line and not SKIP.fullmatch(line)] == []
    assert [line for line in lines if "trivy:ignore" in line and not IGNORE.fullmatch(line)] == []
    above = [lines[number - 1] for number, line in enumerate(lines) if IGNORE.fullmatch(line)]
    assert [line for line in above if not (WHY.fullmatch(line) or IGNORE.fullmatch(line))] == []
