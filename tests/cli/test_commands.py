"""Bad words and bad projects on the real command line: the code, the exit code, and nothing half-done."""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

from envctl.cli.entry import run
from envctl.cli.options.global_options import move_global_options_first
from tests.cli.loading import load_until_start, loaded
from tests.documents import parse_document
from tests.programs import SYSTEM_PATH

MOST_MODULES_BEFORE_TERRAFORM = 145

BAD_WORDS = {
    "an unknown command": (["applly", "dev"], 64, "E000"),
    "an unknown option": (["apply", "dev", "--force"], 64, "E000"),
    "a missing argument": (["apply"], 64, "E000"),
    "an unknown environment": (["settings", "prd"], 64, "E002"),
    "an environment that is a path": (["plan", "../../etc"], 64, "E002"),
    "an unknown environment among several": (["drift", "dev", "stagin"], 64, "E002"),
    "a reason to break glass where nothing is done": (["drift", "--break-glass", "because"], 64, "E012"),
    "a key that is only compared and created": (["ledger", "keys", "--check", "--create"], 64, "E012"),
    "a signer of a key that keeps its policy": (["ledger", "keys", "--signer", "arn:aws:iam::1:role/a"], 64, "E012"),
    "an unknown gate": (["approve", "prod", "--gate", "pear"], 64, "E005"),
    "a dry run of something that has none": (["approve", "prod", "--gate", "peer", "--dry-run"], 64, "E006"),
    "an environment compared with itself": (["diff", "dev", "dev"], 64, "E011"),
    "an unknown environment to compare with": (["diff", "dev", "prd"], 64, "E002"),
    "an output to be revealed without its name": (["output", "dev", "--reveal"], 64, "E017"),
    "outputs of where nothing was applied": (["output", "dev"], 1, "E414"),
    "no command to run": (["exec", "dev"], 64, "E000"),
    "a stack that is none": (["drift", "--unit", "dev"], 64, "E026"),
    "a stack beside an environment": (["plan", "dev", "--unit", "dev/web"], 64, "E026"),
    "a stack that there is not": (["plan", "--unit", "prd/web"], 64, "E002"),
    "a job without its run": (["drift", "--shard", "1"], 64, "E026"),
    "a run without a job": (["plan", "--run", "20261125T014000Z-plan-1"], 64, "E026"),
    "a job that mends": (["drift", "--run", "20261125T014000Z-drift-1", "--shard", "1", "--fix"], 64, "E026"),
    "a run that there is not": (["drift", "--run", "20261125T014000Z-drift-1", "--shard", "1"], 64, "E027"),
    "a run that is a path": (["collect", "../../ledger/0000000001"], 64, "E027"),
    "no run that waits": (["collect"], 1, "E473"),
    "more jobs than there can be": (["matrix", "--jobs", "257"], 64, "E026"),
    "a platform that is none": (["lock-providers", "--platform", "linux"], 64, "E347"),
    "no environment at all": (["plan"], 64, "E000"),
    "a project that is not a folder": (["--project", "nowhere", "status"], 64, "E007"),
}


@pytest.mark.parametrize(("words", "code", "problem"), BAD_WORDS.values(), ids=BAD_WORDS.keys())
def test_invalid_arguments_are_refused_as_json(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, problem: str
) -> None:
    assert run([*words, "--json"]) == code
    document = parse_document(capsys.readouterr().out)
    assert [each["code"] for each in document["problems"]] == [problem]
    assert (document["ok"], document["exit_code"]) == (False, code)


@pytest.mark.parametrize(("words", "code", "problem"), BAD_WORDS.values(), ids=BAD_WORDS.keys())
def test_invalid_arguments_are_refused_as_text(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, problem: str
) -> None:
    assert run(words) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert problem in said.err


def test_exec_does_not_run_without_a_deployment(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exec", "prod", "--", "touch", "ran"]) == 1
    assert "E414" in capsys.readouterr().err
    assert not (project / "ran").exists()


@pytest.mark.parametrize("flag", ["--json", "--markdown"])
def test_exec_refuses_json_and_markdown(project: Path, capsys: pytest.CaptureFixture[str], flag: str) -> None:
    assert run(["exec", "dev", flag, "--", "echo", "planted-secret"]) == 64
    said = capsys.readouterr()
    assert "E016" in said.out + said.err
    assert "planted-secret" not in said.out + said.err


def test_the_nearest_environment_is_offered(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["settings", "prd"])
    assert "did you mean prod?" in capsys.readouterr().err


BAD_FILES = {
    "no project file": ("envctl.toml", "", 78),
    "an environment in the order without a section": ("environments.staging", "environments.stagingg", 78),
    "a stack that reads a stack that doesn't exist": ("network.subnet", "netwerk.subnet", 78),
    "a stack that reads itself in a circle": ("network.subnet", "web.subnet", 78),
    "a module folder that isn't there": ("modules/network", "modules/netwerk", 78),
    "a key that nobody knows": ("[pipeline]", "[pipeline]\nordr = 1", 78),
}


@pytest.mark.parametrize(("old", "new", "code"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_invalid_project_files_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, code: int
) -> None:
    file = project / "envctl.toml"
    text = file.read_text()
    if old == "envctl.toml":
        file.unlink()
    else:
        assert old in text
        file.write_text(text.replace(old, new))
    for words in (["validate"], ["apply", "dev", "--yes"], ["status"] if old != "modules/network" else ["validate"]):
        assert run([*words, "--json"]) == code
        assert parse_document(capsys.readouterr().out)["problems"]
    assert not (project / ".envctl" / "store").exists()


def test_every_problem_has_file_and_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "environments" / "prod" / "terraform.tfvars").write_text('cidr = "x"\nsise = 3\nsize = "big"\n')
    assert run(["validate"]) == 78
    said = capsys.readouterr().err
    assert "environments/prod/terraform.tfvars:2" in said
    assert "environments/prod/terraform.tfvars:3" in said
    assert "size" in said


def test_rendered_bytes_are_independent_of_the_folder(project: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "deeper"
    shutil.copytree(project, elsewhere)
    first, again = (envctl(project, "render", "prod", PYTHONHASHSEED=seed).stdout for seed in ("1", "2"))
    assert first == again == envctl(elsewhere, "render", "prod", HOME="/elsewhere").stdout
    assert "module" in first


def test_options_may_stand_anywhere() -> None:
    assert move_global_options_first(["apply", "dev", "--json", "--project", "x", "--yes"]) == [
        "--json",
        "--project",
        "x",
        "--yes",
        "apply",
        "dev",
    ]
    assert move_global_options_first(["exec", "--", "--json"]) == ["exec", "--", "--json"]


def test_internal_error_is_written_to_a_named_file(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("envctl.usecases.inspect.status.load_status", broken)
    assert run(["status"]) == 70
    said = capsys.readouterr().err
    logs = list((project / ".envctl" / "logs").iterdir())
    assert len(logs) == 1
    assert logs[0].name in said.replace("\n", "")
    assert "ZeroDivisionError: planted" in logs[0].read_text()
    assert "Traceback" not in said


def envctl(project: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "envctl", *words],
        cwd=project,
        env={"PATH": SYSTEM_PATH, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_closed_output_pipe_is_no_error(project: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m envctl render dev | head -1",
        shell=True,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["apply", "--help"], ["validate"]], ids=" ".join)
def test_quick_commands_load_no_heavy_modules(project: Path, words: list[str]) -> None:
    heavy = ("boto3", "moto", "botocore", "obstore", "python_terraform", "trustme", "importlib.metadata", "email")
    found, done = loaded(words, heavy, project, {"PATH": os.environ["PATH"]})
    assert (found, done.returncode, done.stderr) == (set(), 0, "")


def test_help_needs_no_pydantic(project: Path) -> None:
    found, done = loaded(["--help"], ("pydantic", "rich", "envctl"), project, {"PATH": os.environ["PATH"]})
    assert (found, done.returncode) == ({"envctl"}, 0)


def test_showing_a_plan_loads_no_guard_modules() -> None:
    """Every plan would pay for it."""
    probe = "import sys, envctl.cli.render.progress.observers, envctl.cli.render.console.plan.plan\n"
    probe += "import envctl.cli.render.console.any_result\n"
    probe += "import envctl.usecases.inspect.plan, envctl.adapters.terraform.driver\n"
    probe += "sys.exit('envctl.domain.guards' in sys.modules or 'envctl.domain.ledger.events' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def lay_small_project(folder: Path) -> None:
    (folder / "modules" / "base").mkdir(parents=True)
    (folder / "modules" / "base" / "main.tf").write_text('resource "terraform_data" "this" {}\n')
    rows = ["[project]", 'name = "shop"', "[pipeline]", 'order = ["dev"]', "[environments.dev]", "[stacks.base]"]
    (folder / "envctl.toml").write_text("\n".join([*rows, 'module = "modules/base"\n']))


@pytest.mark.terraform
def test_repeated_plan_loads_no_project_models(tmp_path: Path) -> None:
    """They take longer than all else that envctl does before Terraform starts."""
    lay_small_project(tmp_path)
    # Named credentials are confirmed once.
    keys = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    heavy = ("pydantic", "boto3", *(f"envctl.{name}" for name in ("domain.guards", "domain.release", "adapters.toml")))
    applied, _ = loaded(["apply", "dev", "--yes"], heavy, tmp_path, keys)
    planned, _ = loaded(["plan", "dev"], heavy, tmp_path, keys)
    assert "pydantic" in applied & planned
    found, done = loaded(["plan", "dev"], heavy, tmp_path, keys)
    assert (found, done.returncode) == (set(), 0), done.stderr
    early = load_until_start(["plan", "dev"], tmp_path, keys)
    late = [f"adapters.terraform.{name}" for name in ("plans.plan_reader", "diagnostics.failures", "init.init_runner")]
    late += [
        "cli.render.console",
        "cli.render.terminal",
        "domain.aws.access",
        "domain.ci.id_token",
        "domain.ledger",
        "usecases.ledger",
    ]
    assert [name for name in early if name.startswith(tuple(f"envctl.{each}" for each in late))] == []
    # Each costs a third of a millisecond before Terraform starts. The providers of a single stack start earlier.
    assert len(early) <= MOST_MODULES_BEFORE_TERRAFORM


@pytest.mark.terraform
def test_ledger_is_read_while_terraform_shows_changes(tmp_path: Path) -> None:
    lay_small_project(tmp_path)
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert envctl(tmp_path, "apply", "dev", "--yes", **keys).returncode == 0
    assert envctl(tmp_path, "plan", "dev", **keys).returncode == 0
    (tmp_path / "modules" / "base" / "more.tf").write_text('resource "terraform_data" "more" {}\n')
    prepared = envctl(tmp_path, "plan", "dev", **keys)
    planned = envctl(tmp_path, "plan", "dev", "--trace", "t.json", **keys)
    assert (planned.returncode, planned.stdout) == (0, prepared.stdout), planned.stderr
    assert "next: envctl apply dev" in planned.stdout
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    lanes = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    spans = [(event["name"], lanes[event["tid"]]) for event in events if event["ph"] == "X"]
    assert [name for name, lane in spans if lane == "dev/base" and name in ("init", "plan", "show")] == ["plan", "show"]
    reads = ("store.", "config_reader.", "tree.", "identity.")
    assert {lane for name, lane in spans if name.startswith(reads)} == {"next command"}


@pytest.mark.terraform
def test_project_without_objects_loads_no_kubernetes_modules(tmp_path: Path) -> None:
    lay_small_project(tmp_path)
    # The type of what a stack of objects knows is a part of every prepared stack.
    known = {"envctl.adapters.kubernetes", "envctl.domain.kubernetes", "envctl.domain.kubernetes.workload"}
    parts = [each for each in known if not each.endswith("workload")]
    named = {each.name for part in parts for each in walk_packages(import_module(part).__path__, f"{part}.")}
    for words in (["validate"], ["plan", "dev"], ["apply", "dev", "--yes"], ["drift", "dev"], ["status"]):
        found, done = loaded(words, sorted({"yaml", *named} - known), tmp_path, {"PATH": os.environ["PATH"]})
        assert (found, done.returncode) == (set(), 0), f"{words}: {done.stderr}"


def test_plan_without_costs_loads_no_cost_modules() -> None:
    probe = "import sys, envctl.cli.render.console.plan.plan, envctl.usecases.inspect.plan\n"
    probe += "import envctl.adapters.workspace.workspace\n"
    probe += "sys.exit(any('cost' in n or 'pricing' in n for n in sys.modules if '.ports.' not in n))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_plugin_stand_in_raises_for_unknown_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    from envctl.cli.late_modules import NoPlugins

    stand_in = NoPlugins("pydantic.plugin._loader")
    monkeypatch.delitem(sys.modules, stand_in.__name__, raising=False)
    assert stand_in.get_plugins() == ()
    assert stand_in.PYDANTIC_ENTRY_POINT_GROUP == "pydantic"
    with pytest.raises(AttributeError):
        _ = stand_in.what_never_was


def test_platform_stand_in_names_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    from envctl.cli.late_modules import LatePlatform

    stand_in = LatePlatform("platform")
    monkeypatch.delitem(sys.modules, stand_in.__name__, raising=False)
    assert stand_in.system() == os.uname().sysname
    machine = stand_in.machine
    assert callable(machine)
    assert machine() == os.uname().machine


def test_models_work_with_untyped_schemas() -> None:
    probe = """
from envctl.cli.late_modules import delay_modules
delay_modules()
from pydantic import TypeAdapter
from pydantic_core import core_schema
from typing_extensions import TypedDict, is_typeddict
class Port(TypedDict):
    number: int
assert is_typeddict(Port) and not is_typeddict(core_schema.ModelSchema)
assert type(core_schema.CoreConfig(title="a")) is dict
assert TypeAdapter(Port).validate_python({"number": "80"}) == {"number": 80}
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_validate_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    lay_small_project(tmp_path)
    found, done = loaded(["validate"], ["typer", "platform"], tmp_path, {})
    assert (found, done.returncode) == (set(), 0), done.stderr


def test_an_interrupt_while_loading_shows_no_traceback() -> None:
    program = """
import sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "envctl.cli.app":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
sys.argv = ["envctl", "status"]
from envctl.__main__ import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted: nothing was done\n")


def test_deleted_working_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert run(["status"]) == 64
    assert "error E007: the current folder no longer exists" in capsys.readouterr().err
