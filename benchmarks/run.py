"""The rows of the design's table that one environment can show, as ratios. Run by `make bench`; fails on no figure."""

import compileall
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).parents[1]))

from benchmarks.measure import Command, clean_environment, in_turn, report
from envctl.adapters.sandbox.lifecycle import Sandbox
from envctl.adapters.terraform.binary import embedded

REPOSITORY = Path(__file__).parents[1]
ENVCTL = os.fspath(Path(sys.executable).with_name("envctl"))
ROUNDS = 15

PROJECT = """
[project]
name = "bench"
[state]
backend = "s3"
[pipeline]
order = ["dev"]
[environments.dev]
account_id = "111111111111"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"
[stacks.main]
module = "modules/main"
"""
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 3.39" }
  }
}
variable "size" {
  type = number
}
resource "aws_ssm_parameter" "this" {
  count = 8
  name  = "/bench/${count.index}"
  type  = "String"
  value = "value ${var.size}"
}
"""


def cold_start(folder: Path) -> None:
    Command([ENVCTL, "init", "shop", "--template", "web"], folder, clean_environment()).run()
    project = folder / "shop"
    python = Command([sys.executable, "-c", "pass"], project, clean_environment())
    asked = {"_ENVCTL_COMPLETE": "complete_bash", "COMP_WORDS": "envctl promote ", "COMP_CWORD": "2"}
    for told, words, target, extra in (
        ("--version", ["--version"], 1.5, {}),
        ("--help", ["--help"], 7.0, {}),
        ("promote, completed,", [], 7.0, asked),
        ("validate", ["validate"], 20.0, {}),
    ):
        ours, theirs = in_turn([Command([ENVCTL, *words], project, clean_environment() | extra)], [python], ROUNDS)
        report(f"envctl {told} / python -c pass", ours, theirs, target)


def plans(project: Path) -> None:
    sandbox = Sandbox(project / ".envctl" / "sandbox")
    environment = clean_environment()
    envctl = [ENVCTL, "--sandbox"]
    Command([*envctl, "apply", "dev", "--yes"], project, environment).run()
    running = sandbox.running()
    if running is None:
        raise SystemExit("the sandbox is gone")
    work = project / ".envctl" / "sandbox" / "work" / "dev" / "main"
    child = running.environment(environment)
    terraform = list(embedded())

    def plain(*words: str) -> Command:
        return Command([*terraform, *words], work, child)

    def plan() -> Command:
        return Command([*envctl, "plan", "dev"], project, environment)

    ours, theirs = in_turn([plan()], [plain("plan", "-input=false")], ROUNDS)
    report("plan without changes / terraform plan", ours, theirs, 1.08, 1.00)
    print(f"  Terraform processes of that plan: {count_processes(project, environment)}")

    (project / "environments" / "dev" / "terraform.tfvars").write_text("size = 2\n")
    both = [plain("plan", "-input=false", "-out=bench.tfplan"), plain("show", "-json", "bench.tfplan")]
    ours, theirs = in_turn([plan()], both, ROUNDS)
    report("plan with changes / terraform plan + show", ours, theirs, 1.08)

    cold = Command(["rm", "-rf", ".terraform", ".initialised"], work, environment)
    ours, theirs = in_turn(
        [cold, plan()], [cold, plain("init", "-input=false"), *both[:1], *both[1:]], max(5, ROUNDS // 2)
    )
    report("cold init + plan / terraform init + plan + show", ours, theirs, 1.10)
    sandbox.down()


def count_processes(project: Path, environment: dict[str, str]) -> int:
    """Counts them by putting a Terraform in between that notes each start."""
    log = project / "starts"
    counting = project / "counting-terraform"
    words = " ".join(f"'{word}'" for word in embedded())
    counting.write_text(f'#!/bin/sh\necho "$1" >> "{log}"\nexec {words} "$@"\n')
    counting.chmod(0o755)
    command = Command(
        [ENVCTL, "--sandbox", "plan", "dev"], project, {**environment, "ENVCTL_TERRAFORM": os.fspath(counting)}
    )
    command.run()
    log.unlink()
    command.run()
    return len(log.read_text().splitlines())


def main() -> None:
    # An installed envctl has its byte code; an editable one may not.
    compileall.compile_dir(REPOSITORY / "src", quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        cold_start(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "modules" / "main").mkdir(parents=True)
        (project / "environments" / "dev").mkdir(parents=True)
        (project / "envctl.toml").write_text(PROJECT)
        (project / "modules" / "main" / "main.tf").write_text(MODULE)
        (project / "environments" / "dev" / "terraform.tfvars").write_text("size = 1\n")
        plans(project)


if __name__ == "__main__":
    main()
