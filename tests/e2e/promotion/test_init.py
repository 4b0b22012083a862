"""A project that was begun a moment ago goes from dev to staging to prod, as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ACCOUNTS, Project, client

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox]


@pytest.fixture
def begun(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    ran = Project(tmp_path, home).ok("init", "blog", "--template", "minimal", "--json")
    project = Project(tmp_path / ran.document["result"]["folder"], home)
    (project.root / ".envctl" / "sandbox").mkdir(parents=True)
    (project.root / ".envctl" / "sandbox" / "mirror").symlink_to(unpacked_provider)
    yield project
    project.run("sandbox", "down")


def test_a_new_project_goes_the_whole_way(begun: Project) -> None:
    before = begun.files()
    begun.ok("validate")
    begun.ok("--sandbox", "apply", "dev", "--yes")
    begun.ok("--sandbox", "promote", "dev", "staging", "--yes")
    assert begun.run("--sandbox", "promote", "staging", "prod", "--yes", "--json").codes == ["G106"]
    begun.ok("--sandbox", "approve", "prod", "--gate", "peer", "--yes", GIT_AUTHOR_EMAIL="peer@example.com")
    begun.ok("--sandbox", "promote", "staging", "prod", "--yes")
    for environment in ACCOUNTS:
        found = client(begun, environment, "ec2").describe_vpcs(Filters=[{"Name": "tag:project", "Values": ["blog"]}])
        assert len(found["Vpcs"]) == 1
    assert begun.files() == before
    assert list(begun.home.iterdir()) == []
