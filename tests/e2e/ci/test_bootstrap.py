"""Bootstrap and doctor on the real command line, in the sandbox: what is made holds what is deployed then."""

import pytest

from tests.e2e.conftest import Project

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture
def sandboxed(small: Project) -> Project:
    (small.root / ".envctl" / "sandbox" / "mirror").mkdir(parents=True)
    return small


def test_bootstrapped_buckets_are_complete_and_usable(sandboxed: Project) -> None:
    try:
        before = sandboxed.run("--sandbox", "bootstrap", "--check", "--json")
        assert (before.code, before.document["ok"]) == (2, True)
        assert {bucket["outcome"] for bucket in before.document["result"]["buckets"]} == {"differs"}
        assert sandboxed.run("--sandbox", "bootstrap", "--json").codes == ["E001"]
        made = sandboxed.run_checked("--sandbox", "bootstrap", "--yes", "--json").document["result"]
        assert {bucket["outcome"] for bucket in made["buckets"]} == {"whole"}
        # Three environments of one account, and the store.
        assert [bucket["environments"] for bucket in made["buckets"]] == [[], ["dev", "staging", "prod"]]
        assert sandboxed.run("--sandbox", "bootstrap", "--check").code == 0
        # States are written, locked, unlocked and read; the ledger is appended to.
        sandboxed.run_checked("--sandbox", "apply", "dev", "--yes")
        sandboxed.run_checked("--sandbox", "drift", "dev")
        sandboxed.run_checked("--sandbox", "destroy", "dev", "--yes")
        told = sandboxed.run_checked("--sandbox", "doctor", "--json").document["result"]
        rows = {row["name"]: row for section in told["sections"] for row in section["findings"]}
        assert rows["ledger"]["seen"].startswith("in order: all ")
        assert rows["create-only"]["verdict"] == "good"
        assert "bad" not in {row["verdict"] for row in rows.values()}
    finally:
        sandboxed.run("sandbox", "down")


def test_doctor_of_local_project_needs_no_cloud(small: Project) -> None:
    ran = small.run("doctor", "dev", "--json")
    rows = {
        row["name"]: row["verdict"] for section in ran.document["result"]["sections"] for row in section["findings"]
    }
    assert rows["terraform"] == "good"
    assert rows["credentials"] == rows["clock"] == "unseen"
    # Whether a registry can be reached is not for this test to say.
    assert set(ran.codes) <= {"E325"}
