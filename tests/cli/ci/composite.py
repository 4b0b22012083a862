"""The steps of the action as a runner of GitHub Actions carries them out, read from action.yml itself."""

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.programs import SYSTEM_PATH

TOP = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text())
EXPRESSION = re.compile(r"\$\{\{ (inputs|steps)\.([\w-]+)(?:\.outputs\.(\w+))? \}\}")


@dataclass(frozen=True)
class Ran:
    """`outputs` are those of the action, and `groups` what was folded away in the log."""

    code: int
    log: str
    outputs: dict[str, str]

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith("::error")]

    @property
    def groups(self) -> list[str]:
        return re.findall(r"^::group::(.*)$", self.log, re.MULTILINE)


@dataclass
class Runner:
    """One job: its checkout is the `workspace`, and `temporary` goes away with it."""

    workspace: Path
    temporary: Path
    variables: dict[str, str] = field(default_factory=dict)

    def use(self, **inputs: str) -> Ran:
        known = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
        context = {f"inputs.{name}": value for name, value in known.items()}
        context |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        code, log = 0, ""
        for step in ACTION["runs"]["steps"]:
            if code == 0:
                code, said = self._step(step, context)
                log += said
        outputs = {name: _filled(each["value"], context) for name, each in ACTION["outputs"].items()}
        return Ran(code, log, outputs)

    def _step(self, step: dict[str, Any], context: dict[str, str]) -> tuple[int, str]:
        told = self.temporary / f"output-{step['id']}"
        told.write_text("")
        script = self.temporary / "step.sh"
        script.write_text(step["run"])
        assert "${{" not in step["run"], "what was typed elsewhere must not become a part of a script"
        done = subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.workspace / _filled(step.get("working-directory", "."), context),
            env={
                "PATH": SYSTEM_PATH,
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": os.fspath(TOP),
                "GITHUB_OUTPUT": os.fspath(told),
                "GITHUB_STEP_SUMMARY": os.fspath(self.temporary / "summary.md"),
                "GITHUB_WORKSPACE": os.fspath(self.workspace),
                "HOME": os.fspath(self.temporary),
                "RUNNER_TEMP": os.fspath(self.temporary),
                **self.variables,
                **{name: _filled(value, context) for name, value in step["env"].items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        outputs = dict(line.split("=", 1) for line in told.read_text().splitlines())
        context.update({f"steps.{step['id']}.{name}": value for name, value in outputs.items()})
        return done.returncode, done.stdout


def _filled(text: str, context: dict[str, str]) -> str:
    return EXPRESSION.sub(lambda found: context.get(".".join(part for part in found.groups() if part), ""), text)


def installed(temporary: Path) -> None:
    """As the action leaves it behind, with the packages of these tests: nothing is fetched."""
    install = _module()
    folder = temporary / f"envctl-{install.mark()}"
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", folder], check=True)
    install.leads_to_sources(folder / "bin" / "python")
    (link,) = folder.rglob("envctl.pth")
    link.with_name("packages.pth").write_text(sysconfig.get_path("purelib"))
    (folder / ".installed").touch()


def _module() -> Any:
    spec = spec_from_file_location("install", TOP / "action" / "install.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
