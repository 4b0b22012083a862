"""The kernel kills a provider for want of memory, really: in a control group of its own, where this machine lets us."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.project_text import render_project
from tests.faults.provider_mirror import ADDRESS, serve_provider_mirror

pytestmark = [pytest.mark.terraform, pytest.mark.night]

TOML = render_project("greedy", {"web": "", "aside": ""}, ["dev"])
ASIDE = 'resource "terraform_data" "this" {}\n'
WEB = f"""
terraform {{
  required_providers {{
    tiny = {{
      source = "{ADDRESS}"
    }}
  }}
}}
{ASIDE}"""
# It takes what it gets until it gets no more.
TAKES = "import os; held = [os.urandom(1 << 20) * 16 for _ in range(200)]"
MOST = 500 << 20


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group below the one of this process, with a limit of memory."""
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    root = Path("/sys/fs/cgroup")
    own = next((root / "memory" / path.lstrip("/") for _, names, path in lines if "memory" in names.split(",")), None)
    limit = "memory.limit_in_bytes"
    if own is None:
        own, limit = next(root / path.lstrip("/") for _, names, path in lines if not names), "memory.max"
    made = own / f"envctl-test-{os.getpid()}"
    try:
        made.mkdir()
        (made / limit).write_text(str(MOST))
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield made
    made.rmdir()


def test_provider_killed_for_memory_is_named(tmp_path: Path, home: Path, group: Path) -> None:
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        mirror.program = shlex.join(["exec", sys.executable, "-c", TAKES])
        project = Project(tmp_path / "greedy", home, mirror.surroundings)
        project.write("envctl.toml", TOML)
        project.write("modules/web/main.tf", WEB)
        project.write("modules/aside/main.tf", ASIDE)
        project.write("environments/dev/terraform.tfvars", "")
        inside = ("/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', os.fspath(group / "cgroup.procs"))
        killed = project.run("plan", "dev", "--json", before=inside)
    (problem,) = killed.document["problems"]
    assert (killed.code, problem["code"]) == (1, "E331")
    assert problem["message"].startswith("web: the kernel killed provider tiny 2.0.0: out of memory")
    assert "--parallelism 1" in problem["hint"]
    assert [stack["stack"] for stack in killed.document["result"]["stacks"]] == ["aside"]
