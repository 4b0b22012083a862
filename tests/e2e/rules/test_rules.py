"""Rules are promoted too: the real command, real Terraform, state and store on disk."""

import pytest

from tests.e2e.conftest import LOCAL_PROJECT, Project

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

ASKS = LOCAL_PROJECT.replace("approvals = {}", "approvals = { peer = 1 }")
BOB = "bob@example.com"


def test_gate_that_is_deleted_asks_once_more(small: Project) -> None:
    small.write("envctl.toml", ASKS)
    small.run_checked("apply", "dev", "--yes")
    small.run_checked("approve", "staging", "--gate", "peer", "--unseen", "top", "--yes", GIT_AUTHOR_EMAIL=BOB)
    small.run_checked("promote", "dev", "staging", "--yes")
    assert small.run_checked("rules", "staging", "--json").document["result"]["standing"] == "same"

    # For one promotion, and nobody would see it afterwards.
    small.write("envctl.toml", LOCAL_PROJECT)
    with (small.root / "modules/base/main.tf").open("a") as module:
        module.write('resource "terraform_data" "more" {}\n')
    small.run_checked("apply", "dev", "--yes")
    refused = small.run("promote", "dev", "staging", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G106"])
    assert "by the rules of staging recorded on" in refused.document["problems"][0]["message"]

    approved = small.run_checked(
        "approve", "staging", "--gate", "peer", "--yes", "--json", GIT_AUTHOR_EMAIL=BOB
    ).document["result"]
    assert "the rules of staging change with this deployment: gate peer goes" in approved["notes"]
    small.run_checked("promote", "dev", "staging", "--yes")
    changes = small.run_checked("history", "staging", "--json").document["result"]["rules"]
    assert list(changes.values()) == [["gate peer goes"]]
    assert "its rules changed with the deployment of entry" in small.run_checked("status").out

    # The order turned round, so that staging takes code from the tree.
    small.write("envctl.toml", LOCAL_PROJECT.replace('"dev", "staging", "prod"', '"staging", "dev", "prod"'))
    before = {name: data for name, data in small.read_files().items() if "state/staging" in name}
    refused = small.run("apply", "staging", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G112"])
    assert {name: data for name, data in small.read_files().items() if "state/staging" in name} == before
    assert "place in the order: after dev -> the entry" in small.run_checked("rules", "staging").out
    small.run_checked("approve", "staging", "--rules", "--yes", GIT_AUTHOR_EMAIL=BOB)
    assert small.run_checked("rules", "staging", "--json").document["result"]["standing"] == "tree alone"
