"""A project that was begun a moment ago goes from dev to staging to prod, as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ACCOUNTS, Project, open_client, run_in_sandbox

# By day a project of another template goes the same way: test_whole_way.py.
pytestmark = [pytest.mark.night, pytest.mark.terraform, pytest.mark.sandbox]


@pytest.fixture
def begun(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    ran = Project(tmp_path, home).run_checked("init", "blog", "--template", "minimal", "--json")
    project = Project(tmp_path / ran.document["result"]["folder"], home)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def test_a_new_project_goes_the_whole_way(begun: Project) -> None:
    before = begun.read_files()
    begun.run_checked("validate")
    begun.run_checked("--sandbox", "apply", "dev", "--yes")
    begun.run_checked("--sandbox", "promote", "dev", "staging", "--yes")
    assert begun.run("--sandbox", "promote", "staging", "prod", "--yes", "--json").codes == ["G106"]
    begun.run_checked("--sandbox", "approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL="peer@example.com")
    begun.run_checked("--sandbox", "promote", "staging", "prod", "--yes")
    for environment in ACCOUNTS:
        found = open_client(begun, environment, "ec2").describe_vpcs(
            Filters=[{"Name": "tag:project", "Values": ["blog"]}]
        )
        assert len(found["Vpcs"]) == 1
    assert begun.read_files() == before
    assert list(begun.home.iterdir()) == []
