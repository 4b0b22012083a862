"""Nobody decides alone: a real repository, the real command, real Terraform, state and store on disk."""

import subprocess

import pytest

from tests.e2e.conftest import LOCAL_PROJECT, Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

ASKS = LOCAL_PROJECT.replace("approvals = {}", "approvals = { peer = 1 }")
ANN, BOB, CAT = (f"{name}@example.com" for name in ("ann", "bob", "cat"))
APPROVE = ("approve", "staging", "--gate", "peer", "--unseen", "top", "--yes")


def commit(project: Project, author: str) -> None:
    who = ("-c", f"user.email={author}", "-c", "user.name=somebody", "-c", "commit.gpgsign=false")
    for words in (("add", "."), (*who, "commit", "-q", "-m", "a change", f"--author=somebody <{author}>")):
        subprocess.run(
            ["git", *words], cwd=project.root, check=True, env={"GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nowhere"}
        )


def release(project: Project, author: str) -> None:
    with (project.root / "modules/base/main.tf").open("a") as module:
        module.write(f"# by {author}\n")
    commit(project, author)
    project.run_checked("apply", "dev", "--yes", GIT_AUTHOR_EMAIL=author)


def test_author_needs_another_person(small: Project) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=small.root, check=True)
    small.write("envctl.toml", ASKS)
    release(small, ANN)
    small.run_checked(*APPROVE, GIT_AUTHOR_EMAIL=BOB)
    assert "baseline: nothing runs in staging yet" in small.run_checked("why", "staging").out
    small.run_checked("promote", "dev", "staging", "--yes", GIT_AUTHOR_EMAIL=CAT)

    # BOB writes, and ANN adds a comment: his part is BOB's still.
    release(small, BOB)
    release(small, ANN)
    approve = ("approve", "staging", "--gate", "peer", "--yes")
    small.run_checked(*approve, GIT_AUTHOR_EMAIL=BOB)
    refused = small.run("promote", "dev", "staging", "--yes", "--json", GIT_AUTHOR_EMAIL=CAT)
    assert (refused.code, refused.codes) == (4, ["G106"])
    assert f"the approval of {BOB} does not count for their own changes" in refused.document["problems"][0]["message"]
    # Each has looked at what the other one wrote, and a third one promotes.
    small.run_checked(*approve, GIT_AUTHOR_EMAIL=ANN)
    small.run_checked("promote", "dev", "staging", "--yes", GIT_AUTHOR_EMAIL=CAT)

    # Settings alone, by BOB.
    small.write("environments/staging/terraform.tfvars", 'name = "else"\npassword = "planted-staging-secret"\n')
    commit(small, BOB)
    small.run_checked(*approve, GIT_AUTHOR_EMAIL=BOB)
    assert small.run("apply", "staging", "--yes", "--json", GIT_AUTHOR_EMAIL=CAT).codes == ["G106"]
    small.run_checked(*approve, GIT_AUTHOR_EMAIL=ANN)
    # The gate is open. What follows from the new name was in no plan yet.
    assert small.run("apply", "staging", "--yes", "--json", GIT_AUTHOR_EMAIL=CAT).codes == ["G302"]
