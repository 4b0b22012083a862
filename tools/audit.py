"""`make audit`: what two scanners say of the root modules that envctl renders, for every environment with its settings.

They see all modules, those that no environment uses as well. A finding is mended, or passed over in the code, and there
it says why:

    # Why AWS-0017 does not hold here.
    #trivy:ignore:AWS-0017
    resource "aws_cloudwatch_log_group" "this" {
      #checkov:skip=CKV_AWS_158:why it does not hold here
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCANNERS = ROOT / ".venv-audit" / "bin"
# A root module finds its code beside it. Here all of them share one folder, which is then scanned once, and whose name
# does not begin with a dot: scanners pass over those.
CODE, SHARED = "../.code/", "../../code/"
SECONDS = 300


@dataclass(frozen=True, order=True)
class Finding:
    """One for all environments: the code is the same in each."""

    where: str
    line: int
    check: str
    says: str
    scanner: str


def lay_out(folder: Path) -> list[str]:
    """The root modules of every environment and the code of all, and the names of the environments."""
    unused = shutil.ignore_patterns("tests", "examples", ".terraform*")
    shutil.copytree(ROOT / "modules", folder / "code" / "modules", ignore=unused)
    names = sorted(path.parent.name for path in (ROOT / "environments").glob("*/terraform.tfvars"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for files in pool.map(_render, names):
            for path, text in files.items():
                file = folder / path
                file.parent.mkdir(parents=True)
                file.write_text(text.replace(CODE, SHARED))
    return names


def _render(name: str) -> dict[str, str]:
    rendered = json.loads(_run([sys.executable, "-m", "envctl", "--json", "render", name], ROOT))
    files: dict[str, str] = rendered["result"]["files"]
    return files


def checkov(folder: Path) -> list[Finding]:
    command = [os.fspath(SCANNERS / "checkov"), "--directory", ".", "--framework", "terraform"]
    quiet = ["--compact", "--quiet", "--skip-download", "--soft-fail"]
    told = json.loads(_run([*command, *quiet, "--output", "json"], folder))
    reports = told if isinstance(told, list) else [told]
    return [of_checkov(each) for report in reports for each in report["results"]["failed_checks"]]


def of_checkov(each: dict[str, Any]) -> Finding:
    says = f"{each['resource']}: {each['check_name']}"
    return Finding(_inside(each["file_path"]), each["file_line_range"][0], each["check_id"], says, "checkov")


def trivy(folder: Path) -> list[Finding]:
    command = [os.fspath(SCANNERS / "trivy"), "config", "--skip-check-update", "--skip-version-check", "--quiet"]
    told = json.loads(_run([*command, "--format", "json", "."], folder))
    results = told.get("Results", [])
    return [of_trivy(each["Target"], found) for each in results for found in each.get("Misconfigurations", [])]


def of_trivy(target: str, each: dict[str, Any]) -> Finding:
    cause = each.get("CauseMetadata", {})
    says = f"{cause.get('Resource', '')}: {each['Title']} ({each['Severity'].lower()})"
    return Finding(_inside(target), cause.get("StartLine", 0), each["ID"], says, "trivy")


def _inside(path: str) -> str:
    """The path in the repository; a root module has none there, and keeps that of its environment and stack."""
    return path.lstrip("/").removeprefix("code/")


def _run(command: list[str], folder: Path) -> str:
    # Neither scanner has anything to ask of anybody.
    quiet = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), "CHECKOV_RUN_SCA_PACKAGE_SCAN": "false"}
    done = subprocess.run(command, cwd=folder, env=quiet, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode or not done.stdout:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def distinct(found: Iterable[Finding]) -> list[Finding]:
    """A place is named once for each check, whatever the environments call the module around it."""
    return list({(each.where, each.line, each.check): each for each in sorted(found, reverse=True)}.values())[::-1]


def show(found: Iterable[Finding]) -> None:
    for each in found:
        print(f"{each.where}:{each.line}: {each.check} {each.says} [{each.scanner}]")  # noqa: T201


def main() -> int:
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor() as pool:
        folder = Path(name)
        environments = lay_out(folder)
        both = [pool.submit(scanner, folder) for scanner in (checkov, trivy)]
        found = distinct(each for done in both for each in done.result())
    show(found)
    print(f"{len(environments)} environments, {len(found)} findings")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
