"""The pipeline of GitLab is written, kept current, and never written over somebody else's."""

import re

import pytest

from envctl.domain.ci.gitlab_pipeline import MAIN_FILE, find_pipeline_path
from envctl.domain.errors import ConfigurationError, OperationFailedError, UsageError
from envctl.usecases.project.ci.ci_workflows import Workflows
from envctl.usecases.project.ci.gitlab_pipeline import update_gitlab_pipeline
from tests.fakes.world import World

OURS = find_pipeline_path("envctl")
LOCKS = [f".gitlab/envctl/{name}.txt" for name in ("build", "requirements", "envctl")]
ALL = [OURS, *LOCKS, MAIN_FILE]
ADDRESS = f"git+https://git.example.com/acme/envctl@{'a' * 40}"
PACKAGE = f'[ci]\npackage = "{ADDRESS}"\n'
OBJECTS = """
[stacks.objects]
kind = "kubernetes"
path = "objects"
namespace = "shop"
kubeconfig_context = "shop-{environment}"
"""


@pytest.fixture(autouse=True)
def package(world: World) -> None:
    add(world, PACKAGE)


def add(world: World, text: str) -> None:
    world.tree.content["envctl.toml"] += f"\n{text}".encode()


def write(world: World, *, check: bool = False, version: str = "1.0") -> tuple[dict[str, str], list[str]]:
    told, error = tell(world, check=check, version=version)
    return {each.path: each.state for each in told.files}, error


def tell(
    world: World, *, check: bool = False, version: str = "1.0", branch: str | None = None
) -> tuple[Workflows, list[str]]:
    told, error = update_gitlab_pipeline(world.ports, check=check, branch=branch, version=version)
    return told, [problem.code for problem in error.problems] if error else []


def change(world: World, path: str, old: str, new: str) -> None:
    text = world.tree.content[path].decode()
    assert old in text
    world.tree.content[path] = text.replace(old, new).encode()


def test_pipeline_and_locks_are_written_once(world: World) -> None:
    assert write(world, check=True) == (dict.fromkeys(ALL, "missing"), ["E039"])
    assert write(world) == (dict.fromkeys(ALL, "written"), [])
    before = dict(world.tree.content)
    assert write(world) == (dict.fromkeys(ALL, "current"), [])
    assert write(world, check=True) == (dict.fromkeys(ALL, "current"), [])
    assert world.tree.content == before
    assert b"boto3==" in before[LOCKS[1]]
    own, second = before[LOCKS[2]].decode().splitlines()[-2:]
    assert own == f"envctl-promotion @ {ADDRESS}"
    assert second == f"kube-api-emulator @ {ADDRESS}#subdirectory=packages/kube-api-emulator"


def test_check_names_the_address_that_jobs_lack(world: World) -> None:
    write(world)
    second = f"kube-api-emulator @ {ADDRESS}#subdirectory=packages/kube-api-emulator"
    change(world, LOCKS[2], f"{second}\n", "")
    add(world, OBJECTS)
    _, error = update_gitlab_pipeline(world.ports, check=True, branch=None, version="2.0")
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.hint) == ("E039", "envctl ci gitlab")
    assert f"stacks of objects need {second}, which the jobs lack" in problem.message
    write(world)
    assert write(world, check=True) == (dict.fromkeys(ALL, "current"), [])


def test_missing_package_is_said_with_its_file(world: World) -> None:
    change(world, "envctl.toml", PACKAGE, "")
    with pytest.raises(ConfigurationError) as caught:
        write(world)
    (problem,) = caught.value.problems
    assert (problem.code, problem.location and problem.location.file) == ("E144", "envctl.toml")


def test_program_of_image_needs_no_locks(world: World) -> None:
    change(world, "envctl.toml", PACKAGE, "")
    add(world, f'[ci.gitlab]\nimage = "acme/envctl@sha256:{"b" * 64}"\nprogram = "/opt/envctl/bin/envctl"\n')
    assert write(world) == (dict.fromkeys([OURS, MAIN_FILE], "written"), [])


EDITS = {
    "a job": (OURS, "interruptible: false", "interruptible: true"),
    "the image": (OURS, "docker.io/library/python:", "docker.io/evil/python:"),
    "a package that is not there": (LOCKS[1], "boto3==", "boto4=="),
    "the commit of envctl": (LOCKS[2], "a" * 40, "b" * 40),
}


@pytest.mark.parametrize(("path", "old", "new"), EDITS.values(), ids=EDITS)
def test_edit_by_hand_fails_the_check(world: World, path: str, old: str, new: str) -> None:
    write(world)
    change(world, path, old, new)
    found, codes = write(world, check=True)
    assert (found[path], codes[0], set(codes) <= {"E039", "E044"}) == ("edited", "E039", True)
    assert write(world)[0][path] == "written"


def test_raised_pins_are_accepted_and_kept(world: World) -> None:
    write(world)
    raised = f"docker.io/library/python:3.14.9-trixie@sha256:{'c' * 64}"
    text = world.tree.content[OURS].decode()
    world.tree.content[OURS] = re.sub(r"docker.io/library/python:[^\"]+", raised, text).encode()
    assert write(world, check=True) == ({**dict.fromkeys(ALL, "current"), OURS: "raised"}, [])
    # A new setting writes the file anew, with the raised pin.
    add(world, '[ci.gitlab]\ntags = ["aws"]\n')
    found, codes = write(world, check=True)
    assert (found[OURS], codes) == ("differs", ["E039"])
    assert write(world)[0][OURS] == "written"
    assert raised in world.tree.content[OURS].decode()


def test_other_version_of_envctl_keeps_the_check_green(world: World) -> None:
    write(world)
    templates = world.ports.templates
    text = dict(templates.load_workflows("gitlab"))
    text["drift.yml"] += "\n"
    object.__setattr__(templates, "load_workflows", lambda system: text)
    found, codes = write(world, check=True, version="2.0")
    assert (found[OURS], codes) == ("other version", [])
    assert write(world, version="2.0")[0][OURS] == "written"


def test_pipeline_of_another_project_is_kept(world: World) -> None:
    world.version_control.lies_in = "billing"
    write(world)
    text = world.tree.content[f"../{OURS}"]
    world.version_control.lies_in = "shop"
    world.tree.content["../billing/envctl.toml"] = world.tree.content["envctl.toml"]
    for check in (True, False):
        with pytest.raises(OperationFailedError) as caught:
            write(world, check=check)
        (problem,) = caught.value.problems
        assert (problem.code, problem.location and problem.location.file) == ("E043", "envctl.toml")
        assert "project in billing" in problem.message
    assert world.tree.content[f"../{OURS}"] == text
    add(world, '[ci.gitlab]\nprefix = "shop"\n')
    # The main file is that of the team by now.
    found, codes = write(world)
    assert (next(iter(found)), codes) == (".gitlab/shop.gitlab-ci.yml", ["E035"])
    assert world.tree.content[f"../{OURS}"] == text


@pytest.mark.parametrize("mine", ["stages: [test]\n", "", "# Written by `envctl ci gitlab`\nrspec: {}\n"])
def test_main_file_of_the_team_is_never_written(world: World, mine: str) -> None:
    world.tree.content[MAIN_FILE] = mine.encode()
    assert write(world) == (dict.fromkeys(ALL[:-1], "written"), ["E035"])
    assert write(world, check=True) == (dict.fromkeys(ALL[:-1], "current"), ["E035"])
    assert world.tree.content[MAIN_FILE] == mine.encode()


def test_team_additions_to_the_main_file_are_kept(world: World) -> None:
    write(world)
    world.tree.content[MAIN_FILE] += b"\nrspec:\n  script: rspec\n"
    before = dict(world.tree.content)
    assert write(world) == (dict.fromkeys(ALL[:-1], "current"), [])
    assert world.tree.content == before


def test_nested_includes_are_followed(world: World) -> None:
    world.tree.content |= {MAIN_FILE: b"include: /ci/all.yml\n", "ci/all.yml": f"include: {OURS}\n".encode()}
    assert write(world)[1] == []
    world.tree.content["ci/all.yml"] = b"include: ../elsewhere.yml\n"
    assert write(world)[1] == ["E035"]


def test_foreign_pipeline_is_kept(world: World) -> None:
    world.tree.content[OURS] = b"mine: {}\n"
    before = dict(world.tree.content)
    found, codes = write(world)
    assert (found[OURS], codes) == ("foreign", ["E038"])
    assert world.tree.content == before


def test_pipeline_of_subfolder_project_is_at_repository_root(world: World) -> None:
    world.version_control.lies_in = "infra/shop"
    assert write(world)[1] == []
    text = world.tree.content[f"../../{OURS}"].decode()
    assert "cd infra/shop\n" in text
    assert '"infra/shop/envctl.toml", "infra/shop/.terraform.lock.hcl", "infra/shop/environments/**/*"' in text
    assert '".gitlab-ci.yml", ".gitlab/envctl.gitlab-ci.yml", ".gitlab/envctl/*"' in text


def test_protected_environment_waits_for_manual_start(world: World) -> None:
    write(world)
    assert world.tree.content[OURS].count(b"when: manual") == 0
    change(world, "envctl.toml", "[environments.prod]\n", "[environments.prod]\nprotected = true\n")
    write(world)
    # The promotion after a push, the one of a pipeline by hand, and operations.
    assert world.tree.content[OURS].count(b"when: manual") == 3


@pytest.mark.parametrize("branch", ["", "-x", "a b", "a\n", "$(touch x)", "${{ x }}", "a//b", "../x"])
def test_invalid_branch_is_refused(world: World, branch: str) -> None:
    with pytest.raises(UsageError):
        tell(world, branch=branch)


def test_branch_of_option_is_in_the_check(world: World) -> None:
    tell(world, branch="trunk")
    assert b"envctl ci gitlab --check --branch trunk ||" in world.tree.content[OURS]
    assert tell(world, check=True, branch="trunk")[1] == []
    assert tell(world, check=True)[1] == ["E039"]
    add(world, '[ci.gitlab]\nbranch = "trunk"\n')
    tell(world)
    assert b"envctl ci gitlab --check ||" in world.tree.content[OURS]


def test_required_gitlab_variables_are_listed(world: World) -> None:
    told, _ = tell(world, check=True)
    assert [(each.name, each.environment) for each in told.variables] == [
        ("ENVCTL_PLAN_ROLE", ""),
        ("ENVCTL_DRIFT_ROLE", ""),
        ("ENVCTL_ROLE", "dev"),
        ("ENVCTL_ROLE", "staging"),
        ("ENVCTL_ROLE", "prod"),
        ("ENVCTL_GITLAB_TOKEN", "envctl-note"),
        ("ENVCTL_GITLAB_TOKEN", ""),
    ]
    assert told.schedule_variable == "ENVCTL_DRIFT"
    add(
        world,
        '[ci.gitlab.roles]\nplan = "arn:aws:iam::444444444444:role/p"\nprod = "arn:aws:iam::444444444444:role/x"\n',
    )
    assert "prod" not in {each.environment for each in tell(world, check=True)[0].variables}
    change(world, "envctl.toml", "[ci.gitlab.roles]", "[ci.gitlab]\nrunner_credentials = true\n[x]")
    change(
        world,
        "envctl.toml",
        '[x]\nplan = "arn:aws:iam::444444444444:role/p"\nprod = "arn:aws:iam::444444444444:role/x"\n',
        "",
    )
    assert [each.name for each in tell(world, check=True)[0].variables] == ["ENVCTL_GITLAB_TOKEN"] * 2


def test_remarks_name_what_is_missing_outside(world: World) -> None:
    assert "jobs share no folder" in tell(world)[0].remark
    add(world, '[store]\nurl = "s3://shop-envctl-store/envctl"\n')
    assert tell(world)[0].remark == ""
    world.tree.content[MAIN_FILE] = f"include: {OURS}\n".encode()
    assert "passes no inputs" in tell(world)[0].remark
    world.tree.content[MAIN_FILE] = f"include:\n  - local: {OURS}\n    inputs: {{ operation: none }}\n".encode()
    assert tell(world)[0].remark == ""


def test_generated_jobs_never_permit_older_releases(world: World) -> None:
    """A job that is run again next week must be refused."""
    write(world)
    assert b"promote" in world.tree.content[OURS]
    assert b"--older" not in world.tree.content[OURS]
