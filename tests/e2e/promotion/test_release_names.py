"""A release under the names of its commit: from a git repository through dev to staging."""

import subprocess

import pytest

from tests.e2e.conftest import TOP, Project

pytestmark = pytest.mark.terraform
AUTHOR = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


def commit(project: Project, message: str) -> str:
    """Commit the whole project; return the commit."""
    for words in (("init", "--quiet"), ("add", "."), (*AUTHOR, "commit", "--quiet", "-m", message)):
        subprocess.run(["git", *words], cwd=project.root, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project.root, check=True, capture_output=True, text=True)
    return head.stdout.strip()


@pytest.mark.night
def test_release_is_promoted_by_the_number_of_its_request(small: Project) -> None:
    first = commit(small, "Merge pull request #42 from acme/trace-logs\n\nTrace logs, longer retention")
    done = small.run_checked("apply", "dev", "--yes", "--json").document["result"]
    assert (done["label"]["subject"], done["label"]["request"]) == ("Trace logs, longer retention", 42)
    assert (done["label"]["commit"], done["label"]["uncommitted"]) == (first, False)
    small.write("modules/top/main.tf", TOP.replace("first of", "the first of"))
    commit(small, "Say it better")
    small.run_checked("apply", "dev", "--yes")
    listed = small.run_checked("releases", "--json").document["result"]["releases"]
    assert [each["release"]["subject"] for each in listed] == ["Say it better", "Trace logs, longer retention"]
    promoted = small.run_checked("promote", "dev", "staging", "--release", "#42", "--yes", "--json").document["result"]
    assert promoted["release"] == done["release"]
    shown = small.run_checked("release", "show", first[:7], "--json").document["result"]
    assert [place["stay"]["standing"] for place in shown["places"]] == ["left", "runs", "never"]
    assert '"Trace logs, longe…"' in small.run_checked("status").out
    told = small.run("why", "prod", "--release", "#42").out
    assert '"Trace logs, longer retention" · #42, from ' in told
    refused = small.run("release", "show", "#43", "--json")
    assert (refused.code, refused.document["problems"][0]["hint"]) == (64, "envctl releases")
