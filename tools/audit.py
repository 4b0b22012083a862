"""`make audit`: what two scanners say of the root modules that envctl renders, for every environment with its settings.

A finding is mended, or passed over in the code, with a reason: a comment `checkov:skip=CHECK:reason` inside the block,
and `trivy:ignore:CHECK` right above it, under a comment that says why.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCANNERS = ROOT / ".venv-audit" / "bin"
# Scanners pass over folders whose names begin with a dot, which is where a root module finds its code.
CODE, SEEN = ".code", "code"
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
    """The root modules of every environment, with their code beside them, and the names of the environments."""
    names = sorted(path.parent.name for path in (ROOT / "environments").glob("*/terraform.tfvars"))
    for name in names:
        rendered = _run([sys.executable, "-m", "envctl", "--json", "render", name], ROOT)
        for path, text in json.loads(rendered)["result"]["files"].items():
            file = folder / path
            file.parent.mkdir(parents=True)
            file.write_text(text.replace(f"../{CODE}/", f"../{SEEN}/"))
        used = shutil.ignore_patterns("tests", "examples", ".terraform*")
        shutil.copytree(ROOT / "modules", folder / name / SEEN / "modules", ignore=used)
    return names


def checkov(folder: Path) -> Iterator[Finding]:
    command = [os.fspath(SCANNERS / "checkov"), "--directory", ".", "--framework", "terraform"]
    told = json.loads(
        _run([*command, "--compact", "--quiet", "--skip-download", "--soft-fail", "--output", "json"], folder)
    )
    for report in told if isinstance(told, list) else [told]:
        for each in report["results"]["failed_checks"]:
            says = f"{each['resource']}: {each['check_name']}"
            yield Finding(_inside(each["file_path"]), each["file_line_range"][0], each["check_id"], says, "checkov")


def trivy(folder: Path) -> Iterator[Finding]:
    command = [os.fspath(SCANNERS / "trivy"), "config", "--skip-check-update", "--skip-version-check", "--quiet"]
    told = json.loads(_run([*command, "--format", "json", "."], folder))
    for result in told.get("Results", []):
        for each in result.get("Misconfigurations", []):
            yield _of_trivy(result["Target"], each)


def _of_trivy(target: str, each: dict[str, Any]) -> Finding:
    cause = each.get("CauseMetadata", {})
    says = f"{cause.get('Resource', '')}: {each['Title']} ({each['Severity'].lower()})"
    return Finding(_inside(target), cause.get("StartLine", 0), each["ID"], says, "trivy")


def _inside(path: str) -> str:
    """The path in the repository, for code that every environment shares."""
    return re.sub(rf"^/?[^/]+/{SEEN}/", "", path).lstrip("/")


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environments = lay_out(folder)
        found = distinct([*checkov(folder), *trivy(folder)])
    show(found)
    print(f"{len(environments)} environments, {len(found)} findings")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
