"""`--check` of the files of each forge: raised pins are told with old and new, unknown ones fail."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from envctl.domain.ci.generated_pins import Pin
from envctl.usecases.project.ci.ci_workflows import Workflows
from envctl.usecases.project.ci.codebuild_files import update_codebuild_files
from envctl.usecases.project.ci.github_workflows import update_github_workflows
from envctl.usecases.project.ci.gitlab_pipeline import update_gitlab_pipeline
from tests.fakes.world import World

COMMIT, OTHER, HASH = "1" * 40, "f" * 40, "c" * 64
UPDATES: dict[str, Callable[..., Any]] = {
    "github": update_github_workflows,
    "gitlab": update_gitlab_pipeline,
    "codebuild": update_codebuild_files,
}
FOLDERS = {"github": ".github/envctl", "gitlab": ".gitlab/envctl", "codebuild": ".codebuild/envctl"}
WORKFLOWS = [f".github/workflows/envctl-{name}.yml" for name in ("plan", "deploy", "drift", "operate")]
PIPELINE = ".gitlab/envctl.gitlab-ci.yml"
CHECKOUT = r"actions/checkout@[0-9a-f]{40} # v[\d.]+"
RAISED = f"actions/checkout@{OTHER} # v99.0.0"
BOTO = r"(?m)^boto3==([\d.]+) \\\n    --hash=sha256:[0-9a-f]{64}"


@pytest.fixture
def world(world: World) -> World:
    world.tree.content["envctl.toml"] += (
        f'\n[ci]\npackage = "git+https://git.example.com/acme/envctl@{COMMIT}"\n'.encode()
    )
    return world


def update(
    world: World, forge: str, *, check: bool = False, strict: bool = False, version: str = "1.0"
) -> tuple[Workflows, list[str]]:
    branch = {} if forge == "codebuild" else {"branch": None}
    told, error = UPDATES[forge](world.ports, check=check, strict=strict, version=version, **branch)
    return told, [problem.code for problem in error.problems] if error else []


def plant(world: World, path: str, pattern: str, new: str, count: int = 0) -> None:
    text = world.tree.content[path].decode()
    changed = re.sub(pattern, lambda _: new, text, count=count)
    assert changed != text
    world.tree.content[path] = changed.encode()


def plant_everywhere(world: World, pattern: str = CHECKOUT, new: str = RAISED) -> None:
    for path in WORKFLOWS:
        plant(world, path, pattern, new)


def the_pin(told: Workflows) -> Pin:
    (pin,) = told.pins
    return pin


@pytest.mark.parametrize("forge", UPDATES)
class TestLocks:
    """Each forge has the same lock files."""

    def lock(self, forge: str, name: str = "requirements") -> str:
        return f"{FOLDERS[forge]}/{name}.txt"

    def test_raised_package_is_told(self, world: World, forge: str) -> None:
        update(world, forge)
        plant(world, self.lock(forge), BOTO, f"boto3==99.0 \\\n    --hash=sha256:{HASH}")
        told, codes = update(world, forge, check=True)
        pin = the_pin(told)
        assert codes == []
        assert (pin.kind, pin.name, pin.state, pin.reason) == ("package", "boto3", "raised", "not asked: no network")
        assert re.fullmatch(r"boto3==1[\d.]+ → boto3==99.0", pin.change)
        line = world.tree.content[self.lock(forge)].decode().splitlines()[(pin.places[0].line or 0) - 1]
        assert (pin.places[0].file, line) == (self.lock(forge), "boto3==99.0 \\")
        assert {each.path: each.state for each in told.files}[self.lock(forge)] == "raised"

    def test_strict_check_fails_for_raised_package(self, world: World, forge: str) -> None:
        update(world, forge)
        plant(world, self.lock(forge), BOTO, f"boto3==99.0 \\\n    --hash=sha256:{HASH}")
        assert update(world, forge, check=True, strict=True)[1] == ["E045"]

    @pytest.mark.parametrize(
        ("pattern", "new", "is_pin"),
        [
            (r"(?<=hash=sha256:)[0-9a-f]{64}", HASH, True),
            (r"(?m)^boto3==[\d.]+", "boto3==1.0", True),
            (r"(?m)^boto3==", "boto4==", True),
            (r"(?m)^(?=boto3==)", f"evil==1.0 \\\n    --hash=sha256:{HASH}\n", True),
            (r"(?m)^boto3==[\d.]+", "boto3 @ https://evil.example/boto3.whl", False),
            (r"(?m)^boto3==", "--extra-index-url https://evil.example\nboto3==", False),
            (r"(?m)^boto3==", "./evil\nboto3==", False),
            (
                r"(?m)^boto3==[\d.]+ \\\n(    --hash=\S+( \\)?\n)+",
                "boto3 @ git+https://evil.example/boto3@main\n",
                False,
            ),
        ],
    )
    def test_anything_else_fails(self, world: World, forge: str, pattern: str, new: str, is_pin: bool) -> None:
        update(world, forge)
        before = world.tree.content[self.lock(forge)]
        plant(world, self.lock(forge), pattern, new, count=1)
        told, codes = update(world, forge, check=True)
        assert codes[0] == "E039"
        assert ("E044" in codes) is is_pin
        assert {each.path: each.state for each in told.files}[self.lock(forge)] == "edited"
        # What is not known is written over, and told.
        told, codes = update(world, forge)
        assert codes == []
        assert world.tree.content[self.lock(forge)] == before
        assert any(pin.state == "unknown" for pin in told.pins) is is_pin

    def test_other_commit_of_envctl_fails_in_any_version(self, world: World, forge: str) -> None:
        update(world, forge, version="0.9")
        plant(world, self.lock(forge, "envctl"), COMMIT, OTHER)
        for version in ("0.9", "1.0"):
            told, codes = update(world, forge, check=True, version=version)
            assert "E044" in codes
            assert {pin.kind for pin in told.pins} == {"envctl"}

    def test_index_verifies_or_refuses_raised_package(self, world: World, forge: str) -> None:
        update(world, forge)
        path = self.lock(forge)
        plant(world, path, BOTO + r"( \\\n    --hash=\S+)*$", f"boto3==99.0 \\\n    --hash=sha256:{HASH}")
        world.ci_forge.published = {"boto3": [f"sha256:{HASH}", f"sha256:{'d' * 64}"]}
        told, codes = update(world, forge, check=True)
        assert (codes, the_pin(told).reason) == ([], "verified by the package index")
        world.ci_forge.published = {"boto3": [f"sha256:{'d' * 64}"]}
        told, codes = update(world, forge, check=True)
        assert codes == ["E039", "E044"]
        assert the_pin(told).reason == f"the package index does not have sha256:{HASH}"
        update(world, forge)
        assert b"boto3==99.0" not in world.tree.content[path]


class TestActions:
    def test_action_raised_in_all_files_is_told_once(self, world: World) -> None:
        update(world, "github")
        plant_everywhere(world)
        told, codes = update(world, "github", check=True)
        pin = the_pin(told)
        assert (codes, pin.state, pin.new) == ([], "raised", RAISED)
        assert {place.file for place in pin.places} == set(WORKFLOWS)
        assert {each.state for each in told.files if each.path in WORKFLOWS} == {"raised"}
        assert update(world, "github", check=True, strict=True)[1] == ["E045"]

    @pytest.mark.parametrize("count", [0, 1])
    def test_action_raised_in_one_file_or_place_fails(self, world: World, count: int) -> None:
        update(world, "github")
        shipped = world.tree.content[WORKFLOWS[1]]
        plant(world, WORKFLOWS[1], CHECKOUT, RAISED, count=count)
        told, codes = update(world, "github", check=True)
        assert codes == ["E039", "E044"]
        assert "has another pin of it" in the_pin(told).reason
        assert {each.path for each in told.files if each.state == "edited"} == {WORKFLOWS[1]}
        # It is not kept.
        told, _ = update(world, "github")
        assert the_pin(told).state == "unknown"
        assert world.tree.content[WORKFLOWS[1]] == shipped

    @pytest.mark.parametrize(
        "new",
        [
            f"actions/checkout@{OTHER} # v7.0.1",
            f"actions/checkout@{OTHER} # v1.0.0",
            f"actions/checkout@{OTHER} # vnext",
            f"actions/checkout@{OTHER}",
        ],
    )
    def test_unknown_action_fails_in_all_files_too(self, world: World, new: str) -> None:
        update(world, "github")
        plant_everywhere(world, new=new)
        assert update(world, "github", check=True)[1] == ["E039", "E044"]

    @pytest.mark.parametrize(
        "new", ["actions/checkout@main", "actions/checkout@v99.0.0", f"evil/checkout@{OTHER} # v99.0.0"]
    )
    def test_branch_tag_or_other_name_fails(self, world: World, new: str) -> None:
        update(world, "github")
        plant_everywhere(world, new=new)
        assert "E039" in update(world, "github", check=True)[1]

    def test_tag_of_github_decides(self, world: World) -> None:
        update(world, "github")
        plant_everywhere(world)
        world.ci_forge.published = {"actions/checkout": (OTHER,)}
        assert the_pin(update(world, "github", check=True)[0]).reason == "verified by GitHub"
        # A commit of a fork has no tag here; a tag may have moved.
        for published in ((), ("d" * 40,)):
            world.ci_forge.published = {"actions/checkout": published}
            told, codes = update(world, "github", check=True)
            assert (codes, the_pin(told).state) == (["E039", "E044"], "unknown")
        assert the_pin(told).reason == f"GitHub has {'d' * 40} for it"

    def test_pins_as_shipped_are_asked_for_nowhere(self, world: World) -> None:
        update(world, "github")
        update(world, "github", check=True)
        assert world.ci_forge.pins == []

    def test_next_writing_says_what_it_keeps(self, world: World) -> None:
        update(world, "github")
        plant_everywhere(world)
        world.tree.content["envctl.toml"] += b'[ci.github]\nruns_on = "x"\n'
        del world.tree.content[WORKFLOWS[2]]
        told, codes = update(world, "github")
        assert (codes, the_pin(told).state, told.check) == ([], "raised", False)
        for path in WORKFLOWS:
            assert RAISED.encode() in world.tree.content[path]
            assert b"runs-on: x\n" in world.tree.content[path]
        assert update(world, "github", check=True)[1] == []

    def test_foreign_file_stops_writing(self, world: World) -> None:
        update(world, "github")
        plant_everywhere(world)
        world.tree.content[WORKFLOWS[0]] = b"name: mine\n"
        told, codes = update(world, "github")
        assert (codes, told.pins) == (["E038"], ())


class TestImages:
    def test_raised_image_is_told(self, world: World) -> None:
        update(world, "gitlab")
        raised = f"docker.io/library/python:3.99.0-trixie@sha256:{HASH}"
        plant(world, PIPELINE, r"docker.io/library/python:[^\"\n]+", raised)
        told, codes = update(world, "gitlab", check=True)
        assert (codes, the_pin(told).state, the_pin(told).new) == ([], "raised", raised)

    @pytest.mark.parametrize("tag", [":3.0.0-trixie", ":3.99.0-evil", ""])
    def test_other_image_fails(self, world: World, tag: str) -> None:
        update(world, "gitlab")
        image = f"docker.io/library/python{tag}@sha256:{HASH}"
        plant(world, PIPELINE, r"docker.io/library/python:[^\"\n]+", image)
        assert update(world, "gitlab", check=True)[1] == ["E039", "E044"]


class TestOlderFiles:
    def test_lower_pins_pass_as_other_version(self, world: World) -> None:
        """Otherwise an upgrade would break every open pull request."""
        update(world, "github", version="0.9")
        plant_everywhere(world, new=f"actions/checkout@{OTHER} # v1.0.0")
        told, codes = update(world, "github", check=True)
        assert (codes, the_pin(told).state) == ([], "other version")
        assert {each.state for each in told.files if each.path in WORKFLOWS} == {"other version"}

    def test_strict_check_fails_for_another_version(self, world: World) -> None:
        """The header is text: a planted file may say that another envctl wrote it."""
        update(world, "github", version="0.9")
        plant_everywhere(world, new=f"actions/checkout@{OTHER} # v1.0.0")
        assert update(world, "github", check=True, strict=True)[1] == ["E039", "E045"]

    def test_tag_of_github_decides_about_lower_pins(self, world: World) -> None:
        update(world, "github", version="0.9")
        plant_everywhere(world, new=f"actions/checkout@{OTHER} # v1.0.0")
        world.ci_forge.published = {"actions/checkout": ("d" * 40,)}
        assert update(world, "github", check=True)[1] == ["E039", "E044"]

    def test_upgrade_writes_over_lower_pins(self, world: World) -> None:
        update(world, "github", version="0.9")
        plant_everywhere(world, new=f"actions/checkout@{OTHER} # v1.0.0")
        told, codes = update(world, "github")
        assert (codes, told.pins) == ([], ())
        assert update(world, "github", check=True)[0].pins == ()


def test_places_of_subfolder_project_lead_to_the_top(world: World) -> None:
    world.version_control.lies_in = "infra/shop"
    update(world, "github")
    for path in WORKFLOWS:
        plant(world, f"../../{path}", CHECKOUT, RAISED)
    told, _ = update(world, "github", check=True)
    assert the_pin(told).places[0].file == f"../../{WORKFLOWS[0]}"
