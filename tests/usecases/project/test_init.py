"""A new project from a template: what is in it, what is asked, and what is refused."""

import pytest

from envctl.domain.errors import OperationFailedError, UsageError
from envctl.usecases.project.init import Choices, init_project
from tests.catching import catch
from tests.fakes.world import World

ACCOUNTS = {"dev": "123456789012", "prod": "210987654321"}


def text(world: World, name: str, path: str) -> str:
    return world.project_folder.laid[name][path].data.decode()


def test_chosen_name_regions_and_accounts_are_used(world: World) -> None:
    begun = init_project(world.ports, "blog", Choices("web", "eu-west-1", accounts=ACCOUNTS))
    project = text(world, "blog", "envctl.toml")
    assert 'name = "blog"' in project
    assert (project.count("eu-west-1"), project.count("123456789012"), project.count("210987654321")) == (3, 1, 2)
    assert begun.placeholders == ()


def test_only_whole_words_are_replaced(world: World) -> None:
    init_project(world.ports, "blog", Choices("web", "eu-west-1", accounts=ACCOUNTS))
    assert text(world, "blog", "environments/dev/terraform.tfvars").strip() == (
        '# The blog: workshop, blog-web, blog_web, "blog/db" of 123456789012 and 1111111111112,\n'
        "# in eu-west-1 (ap-northeast-1a)."
    )


def test_replaced_word_is_not_replaced_again(world: World) -> None:
    init_project(world.ports, "blog", Choices("web", accounts={"dev": "333333333333", "prod": "111111111111"}))
    project = text(world, "blog", "envctl.toml")
    assert (project.count("333333333333"), project.count("111111111111")) == (1, 2)


def test_binary_and_executable_files_are_kept(world: World) -> None:
    init_project(world.ports, "blog", Choices("web"))
    file = world.project_folder.laid["blog"]["logo.png"]
    assert (file.data, file.executable) == (b"\xff\xfe shop", True)


def test_only_called_modules_are_copied_unchanged(world: World) -> None:
    init_project(world.ports, "blog", Choices("web"))
    modules = {path for path in world.project_folder.laid["blog"] if path.startswith("modules/")}
    assert modules == {path for path in world.templates.modules if path.startswith("modules/")} - {
        "modules/unused/main.tf"
    }
    assert text(world, "blog", "modules/web/tests/web.tftest.hcl") == "# shop"


def test_application_is_copied_only_with_its_template(world: World) -> None:
    init_project(world.ports, "blog", Choices("ecs"))
    init_project(world.ports, "small", Choices("minimal"))
    assert text(world, "blog", "app/main.ts") == "blog"
    assert "app/main.ts" not in world.project_folder.laid["small"]


def test_result_lists_files_and_next_commands(world: World) -> None:
    begun = init_project(world.ports, "blog", Choices("web", accounts={"dev": "123456789012"}))
    assert (begun.mode, begun.name, begun.template, begun.folder) == ("done", "blog", "web", "my projects/blog")
    assert begun.files == tuple(sorted(world.project_folder.laid["blog"]))
    # prod-account is the same account.
    assert begun.placeholders == ("prod",)
    deploy = [f"envctl --sandbox {command}" for command in ("apply dev", "promote dev prod")]
    assert begun.next == ("cd 'my projects/blog'", "envctl validate", *deploy)


def test_dry_run_creates_nothing(world: World) -> None:
    planned = init_project(world.ports, "blog", Choices("web"), dry_run=True)
    assert (planned.mode, world.project_folder.laid) == ("planned", {})
    assert planned.files == init_project(world.ports, "blog", Choices("web")).files


ANSWERS: dict[str, tuple[list[str], Choices]] = {
    "nothing to anything": (["", "", "", ""], Choices("web")),
    "everything": (
        ["ecs", "eu-west-1", "123456789012", "210987654321"],
        Choices("ecs", "eu-west-1", accounts=ACCOUNTS),
    ),
    "what is wrong, and then right": (
        ["wep", "web", "Tokyo", "eu-west-1", "12", "123456789012", ""],
        Choices("web", "eu-west-1", accounts={"dev": "123456789012"}),
    ),
    "a region of which no partner is known": (
        ["platform", "sa-east-1", "sa-east-1", "us-east-1", "", ""],
        Choices("platform", "sa-east-1", "us-east-1"),
    ),
}


@pytest.mark.parametrize(("answers", "choices"), ANSWERS.values(), ids=ANSWERS)
def test_missing_choices_are_asked_for(world: World, answers: list[str], choices: Choices) -> None:
    world.prompter.chosen = answers
    asked = init_project(world.ports, "asked", Choices(), dry_run=True)
    assert world.prompter.questions
    assert answers == []
    world.prompter.questions.clear()
    chosen = init_project(world.ports, "asked", choices, dry_run=True)
    assert world.prompter.questions == []
    assert asked == chosen


def test_defaults_are_used_without_a_terminal(world: World) -> None:
    world.prompter.nobody = True
    usual = init_project(world.ports, "blog", dry_run=True)
    assert usual == init_project(world.ports, "blog", Choices("web", "ap-northeast-1"), dry_run=True)


NAMES = {
    "upper case": ("Blog", "blog"),
    "a digit in front": ("2blog", "blog"),
    "spaces": ("my new blog", "my-new-blog"),
    "too long": ("a-very-long-name-for-a-blog", "a-very-long-name-for"),
    "an underscore": ("my_blog", "my-blog"),
    "a hyphen at the end": ("blog-", "blog"),
    "a path": ("../blog", "blog"),
    "nothing at all": ("", "shop"),
    "nothing of it": ("ブログ", "shop"),
    "a line": ("blog\n", "blog"),
}


@pytest.mark.parametrize(("name", "mended"), NAMES.values(), ids=NAMES)
def test_invalid_project_name_is_refused_with_a_suggestion(world: World, name: str, mended: str) -> None:
    (problem,) = catch(UsageError, init_project, world.ports, name, Choices("web")).problems
    assert (problem.code, problem.hint) == ("E020", f"envctl init {mended}")
    assert world.project_folder.laid == {}
    assert init_project(world.ports, mended, Choices("web")).name == mended


REFUSED: dict[str, tuple[Choices, str]] = {
    "a region that is none": (Choices("web", "Tokyo"), "E022"),
    "a region with a zone": (Choices("web", "eu-west-1a"), "E022"),
    "a region for backups that is none": (Choices("platform", "eu-west-1", "nowhere"), "E022"),
    "the same region for backups": (Choices("platform", "eu-west-1", "eu-west-1"), "E022"),
    "no region for backups": (Choices("platform", "sa-east-1"), "E022"),
    "a region for backups where there are none": (Choices("web", "eu-west-1", "eu-central-1"), "E022"),
    "an account that is none": (Choices("web", accounts={"dev": "12345"}), "E023"),
    "an environment that is none": (Choices("web", accounts={"staging": "123456789012"}), "E002"),
    "two for one account": (Choices("web", accounts={"prod": "123456789012", "prod-account": "210987654321"}), "E023"),
}


@pytest.mark.parametrize(("choices", "code"), REFUSED.values(), ids=REFUSED)
def test_project_with_invalid_choice_is_not_created(world: World, choices: Choices, code: str) -> None:
    raised = catch(UsageError, init_project, world.ports, "blog", choices)
    assert [problem.code for problem in raised.problems] == [code]
    assert world.project_folder.laid == {}


def test_existing_files_are_not_overwritten(world: World) -> None:
    init_project(world.ports, "blog", Choices("web"))
    before = dict(world.project_folder.laid)
    with pytest.raises(UsageError, match="E021 the folder blog is not empty"):
        init_project(world.ports, "blog", Choices("minimal"))
    assert world.project_folder.laid == before
    world.project_folder.taken = "somebody was faster"
    with pytest.raises(UsageError, match="E021 somebody was faster"):
        init_project(world.ports, "other", Choices("minimal"))


def test_missing_module_is_named(world: World) -> None:
    del world.templates.modules["modules/base/main.tf"]
    with pytest.raises(OperationFailedError, match=r"E025 .*modules/base"):
        init_project(world.ports, "blog", Choices("web"))
    assert world.project_folder.laid == {}
