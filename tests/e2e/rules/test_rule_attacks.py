"""Rules that are changed for one deployment and put back, and one person under two names, from the command line: real
Terraform, state and store on disk. By day the same is shown with fakes: tests/usecases/inspect/test_rules.py.
"""

import subprocess

import pytest

from tests.e2e.conftest import LOCAL_PROJECT, Project

pytestmark = [pytest.mark.night, pytest.mark.terraform, pytest.mark.slow]

BOB = "bob@example.com"
UNGATED = LOCAL_PROJECT.replace("approvals = { peer = 1 }", "approvals = {}")
CHECK = """
[checks.named]
kind = "output"
output = "base.name"
matches = ".+"
environments = ["staging"]
"""
ROGUE = """
[stacks.rogue]
module = "modules/base"
environments = ["prod"]
"""
APPROVE = ("approve", "prod", "--gate", "peer", "--yes")
PROMOTE = ("promote", "staging", "prod", "--yes")


def change(project: Project, number: int) -> None:
    with (project.root / "modules/base/main.tf").open("a") as module:
        module.write(f'resource "terraform_data" "more{number}" {{}}\n')


def to_staging(project: Project) -> None:
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")


def refused(project: Project, *words: str, by: str = "ann@example.com") -> set[str]:
    ran = project.run(*words, "--json", GIT_AUTHOR_EMAIL=by)
    assert ran.code in {3, 4}, ran.out
    return set(ran.codes)


def prod(project: Project) -> dict[str, bytes]:
    """The states of prod."""
    return {each.name: each.read_bytes() for each in (project.root / ".envctl/state/prod").glob("*.tfstate")}


def test_environment_moved_in_the_pipeline_is_refused(small: Project) -> None:
    to_staging(small)
    small.run_checked(*APPROVE, "--unseen", "top", GIT_AUTHOR_EMAIL=BOB)
    small.run_checked(*PROMOTE)
    before = prod(small)
    change(small, 1)
    attacks = {
        "the order turned round": UNGATED.replace('"dev", "staging", "prod"', '"prod", "dev", "staging"'),
        "beside the pipeline": UNGATED.replace('"dev", "staging", "prod"', '"dev", "staging"').replace(
            "[environments.prod]\n\n[environments.prod.gates]\napprovals = {}\n",
            "[environments.prod]\npipeline = false\n",
        )
        + ROGUE,
    }
    small.write("environments/prod/terraform.tfvars", 'name = "prod-name"\n')
    for how, text in attacks.items():
        small.write("envctl.toml", text.partition("[stacks.top]")[0] + (ROGUE if ROGUE in text else ""))
        assert "G112" in refused(small, "apply", "prod", "--yes"), how
        assert prod(small) == before, how


def test_check_removed_for_one_promotion_is_missed(small: Project) -> None:
    small.write("envctl.toml", UNGATED + CHECK)
    to_staging(small)
    small.run_checked(*PROMOTE)
    before = prod(small)
    change(small, 1)
    small.write("envctl.toml", UNGATED)
    to_staging(small)
    small.write("envctl.toml", UNGATED + CHECK)
    assert refused(small, *PROMOTE) == {"G103"}
    # The rules that were recorded miss it too.
    small.write("envctl.toml", UNGATED)
    assert refused(small, *PROMOTE) == {"G103"}
    assert prod(small) == before
    small.write("envctl.toml", UNGATED + CHECK)
    small.run_checked("verify", "staging")
    small.run_checked(*PROMOTE)


def test_person_under_two_names_can_not_approve(small: Project) -> None:
    noreply, other = "1234+ann@users.noreply.github.com", "ann@users.noreply.github.com"
    small.write(".gitignore", ".envctl/\n")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", f"One\n\nCo-authored-by: Bob <{BOB}>")):
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ann"), ("EMAIL", noreply))
        }
        subprocess.run(
            ["git", *words], cwd=small.root, env=small.build_environment(**who), check=True, capture_output=True
        )
    to_staging(small)
    for somebody in (noreply, other, BOB):
        assert refused(small, *APPROVE, "--unseen", "top", by=somebody) == {"G106"}, somebody
    assert refused(small, *PROMOTE) == {"G106"}
    small.run_checked(*APPROVE, "--unseen", "top", GIT_AUTHOR_EMAIL="eve@example.com")
    small.run_checked(*PROMOTE)
