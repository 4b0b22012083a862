"""Planted secrets, and then everything that envctl says, writes and keeps searched for them."""

from pathlib import Path

import pytest

from tests.e2e.conftest import BASE, Project

pytestmark = pytest.mark.terraform

KEEPER = """
variable "base" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}

variable "keys" {
  type      = map(string)
  sensitive = true
}

resource "terraform_data" "marked" {
  input = { password = var.password, open = "seen by everybody" }
}

resource "terraform_data" "unmarked" {
  # A provider may give back in the open what was a secret elsewhere.
  input = nonsensitive("with ${var.base}")
}

output "password" {
  value     = var.password
  sensitive = true
}

output "keys" {
  value     = var.keys
  sensitive = true
}

output "address" {
  value = "https://${var.base}.example.com"
}
"""
# Everything that shows something of an environment, in the middle of a story in which much is pending.
SHOWING = [
    ["plan", "dev"],
    ["plan", "dev", "--explain"],
    ["preview"],
    ["drift"],
    ["drift", "dev", "--pending"],
    ["diff", "dev", "staging", "--all"],
    ["diff", "dev", "staging", "--patch"],
    ["why", "prod", "--plan"],
    ["status"],
    ["history"],
    ["output", "dev"],
    ["output", "dev", "password"],
    ["settings", "dev"],
    ["render", "dev"],
    ["verify", "dev"],
    ["validate"],
    ["report", "-o", "-"],
    ["ledger", "verify"],
    ["ledger", "export"],
    ["ledger", "export", "--entries"],
]


@pytest.fixture
def keeper(small: Project) -> Project:
    small.write("modules/base/main.tf", BASE)
    small.write("modules/top/main.tf", KEEPER)
    for environment in ("dev", "staging", "prod"):
        settings(small, environment, "one")
    return small


def settings(project: Project, environment: str, word: str) -> None:
    secret = f"planted-{word}-{environment}"
    project.write(
        f"environments/{environment}/terraform.tfvars",
        f'name     = "{environment}-name"\npassword = "{secret}"\nkeys     = {{ api = "{secret}-key" }}\n',
    )


def holding(project: Project) -> list[Path]:
    """The files with a secret in them, but for the settings that people write and Terraform's own state."""
    files = [path for path in project.root.rglob("*") if path.is_file()]
    own = [path for path in files if path.suffix != ".tfvars" and ".tfstate" not in path.name]
    return [path for path in own if b"planted" in path.read_bytes()]


def test_no_secret_is_said_written_or_kept(keeper: Project) -> None:
    said = [
        keeper.run_checked("apply", "dev", "--yes"),
        keeper.run_checked("promote", "dev", "staging", "--yes", "--markdown"),
        keeper.run_checked(
            "approve", "prod", "--gate", "peer", "--unseen", "top", "--yes", GIT_AUTHOR_EMAIL="bob@example.com"
        ),
        keeper.run_checked("promote", "staging", "prod", "--yes", "--json"),
    ]
    for environment in ("dev", "staging", "prod"):
        settings(keeper, environment, "two")
    for words in SHOWING:
        forms: list[list[str]] = [[], ["--json"], ["--markdown"]]
        said += [keeper.run(*words, *form) for form in forms]
    said += [
        keeper.run_checked("report", "--output", "page.html"),
        keeper.run_checked("apply", "dev", "--yes", "--debug"),
        keeper.run_checked("exec", "dev", "--", "true"),
        keeper.run("destroy", "dev", "--yes"),
    ]
    assert len(said) == len(SHOWING) * 3 + 8
    assert [ran.err for ran in said if ran.code not in (0, 2, 64)] == []
    assert not any("planted" in ran.out + ran.err for ran in said)
    assert holding(keeper) == []
    # They are there where they belong, so the search could have found them.
    assert b"planted-two-dev" in (keeper.root / "environments/dev/terraform.tfvars").read_bytes()
    told = keeper.run("output", "staging", "top.password", "--reveal")
    assert told.out == "planted-one-staging\n"


def test_a_failure_says_no_secret_either(keeper: Project) -> None:
    keeper.write(
        "modules/top/main.tf", KEEPER.replace("var.base}.example", 'var.base}${jsondecode("nowhere")}.example')
    )
    failed = keeper.run("apply", "dev", "--yes", "--debug", "--markdown")
    assert failed.code == 1
    settings(keeper, "dev", "wrong")
    wrong = keeper.run("plan", "dev", "--json", TF_LOG="trace")
    assert "planted" not in failed.out + failed.err + wrong.out
    assert holding(keeper) == []
