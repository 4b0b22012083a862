"""Every command on real Terraform with `--json`: what it prints is what the schemas in docs/schemas/ say it prints."""

import shlex
from dataclasses import dataclass, field
from typing import Any

import pytest

from envctl.cli.options.global_options import find_command_name, move_global_options_first
from tests.e2e.conftest import LOCAL_PROJECT, TOP, Project

pytestmark = pytest.mark.terraform

BOB = "bob@example.com"


@dataclass
class Story:
    """Whatever is asked is asked with --json; `document` of what ran is held against the schema of its command."""

    project: Project
    told: dict[str, set[bool]] = field(default_factory=dict)

    def asks(self, line: str, code: int = 0, by: str = "ann@example.com") -> dict[str, Any]:
        words = shlex.split(line)
        ran = self.project.run(*words, "--json", GIT_AUTHOR_EMAIL=by)
        assert (ran.code, ran.document["exit_code"]) == (code, code), f"{line}: {ran.out}"
        assert ran.document["command"] == find_command_name(move_global_options_first(words))
        assert ran.err == "", line
        self.told.setdefault(find_command_name(move_global_options_first(words)), set()).add(ran.document["ok"])
        return ran.document


@pytest.fixture
def story(small: Project) -> Story:
    small.write(
        "envctl.toml", f'{LOCAL_PROJECT}\n[checks.works]\nkind = "command"\ncommand = ["test", "!", "-e", "broken"]\n'
    )
    return Story(small)


def test_every_command_prints_what_its_schema_says(story: Story) -> None:
    code_enters_dev(story)
    a_release_reaches_prod(story)
    another_one_goes_back(story)
    a_deployment_never_ends(story)
    all_of_dev_is_taken_away(story)
    never_failed = {command for command, oks in story.told.items() if oks == {True}}
    assert never_failed == {"drift", "history", "ledger verify", "lock", "releases", "status", "unlock", "why"}


def code_enters_dev(story: Story) -> None:
    plan = story.asks("plan dev --detailed-exitcode", 2)["result"]
    assert plan["changes"] is True
    assert story.asks("apply dev", 64)["problems"][0]["code"] == "E001"
    assert story.asks("apply dev --dry-run")["result"]["stages"]
    assert story.asks("apply dev --yes")["result"]["verification"]["checks"][0]["outcome"] == "passed"
    assert story.asks("plan dev --detailed-exitcode")["result"]["changes"] is False
    story.asks("plan prod", 3)
    (story.project.root / "broken").touch()
    story.asks("verify dev", 1)
    story.asks("promote dev staging --yes", 3)
    (story.project.root / "broken").unlink()
    story.asks("verify dev")


def a_release_reaches_prod(story: Story) -> None:
    story.asks("promote dev staging --yes --no-verify")
    assert story.asks("status")["result"]["environments"][1]["next"] == "envctl verify staging"
    story.asks("verify staging")
    story.asks("promote staging prod --yes", 4)
    story.asks("approve prod --gate peer --yes", 3)
    fingerprint = story.asks("why prod --plan")["result"]["plan"]
    story.asks(f"approve prod --gate peer --plan {fingerprint} --unseen top --yes", by=BOB)
    story.asks("approve prod --gate peer --withdraw", by=BOB)
    story.asks("approve prod --gate peer --unseen top --yes", by=BOB)
    story.asks("lock prod --reason 'the auditors are here'")
    story.asks("promote staging prod --yes", 4)
    story.asks("unlock prod")
    assert story.asks("promote staging prod --yes")["result"]["plan"]["changes"] is True


def another_one_goes_back(story: Story) -> None:
    story.project.write("modules/top/main.tf", TOP.replace("first of", "the first of"))
    left = story.asks("apply dev --yes")["result"]["release"]
    story.asks("rollback dev --to 0000 --yes", 64)
    assert story.asks("rollback dev --yes")["result"]["held"] == left
    story.asks(f"unlock dev --release {left}")
    story.asks("drift")
    story.asks("why staging")
    story.asks("history --limit 100")
    assert story.asks("releases")["result"]["releases"][0]["release"]["release"] == left
    assert story.asks(f"release show {left[:8]}")["result"]["bundle"] == "intact"
    story.asks("release show '#42'", 64)
    story.asks("ledger verify")


def a_deployment_never_ends(story: Story) -> None:
    story.asks("recover staging")
    story.project.write("environments/staging/terraform.tfvars", 'name = "other"\npassword = "planted"\n')
    story.asks("apply staging --yes")
    ledger = story.project.root / ".envctl" / "store" / "ledger"
    for name in sorted(path.name for path in ledger.iterdir())[-2:]:
        (ledger / name).unlink()
    (story.project.root / ".envctl" / "witness.json").unlink()
    story.asks("apply staging --yes", 4)
    assert story.asks("recover staging --yes")["result"]["deployment"]["outcome"] == "abandoned"
    story.asks("recover nowhere", 64)


def all_of_dev_is_taken_away(story: Story) -> None:
    story.asks("destroy dev", 64)
    story.asks("destroy dev --yes")
    assert story.asks("destroy dev --yes")["result"]["up_to_date"] is True
    story.asks("drift dev")


@pytest.mark.sandbox
@pytest.mark.night
def test_the_sandbox_prints_what_its_schemas_say(shop: Project) -> None:
    states = []
    for words in ("sandbox status", "sandbox up", "sandbox status", "sandbox down", "sandbox down"):
        ran = shop.run_checked(*words.split(), "--json")
        assert ran.document["command"] == words
        states.append(ran.document["result"]["state"])
    assert states == ["off", "running", "running", "stopped", "off"]
