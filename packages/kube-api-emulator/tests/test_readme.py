"""What README.md shows works: its files are written and its commands typed as by a user."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import find_kubectl

README = Path(__file__).parents[1] / "README.md"
BLOCKS = [
    match.groups() for match in re.finditer(r"^```(\w+)\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
]


def find_files() -> dict[str, str]:
    """Return the blocks that are files, by the name in their first line."""
    return {text.splitlines()[0].removeprefix("# "): text for language, text in BLOCKS if language != "sh"}


def find_commands() -> list[str]:
    """Return the blocks to type. Those that install are typed in test_distribution.py."""
    return [text for language, text in BLOCKS if language == "sh" and "pip install" not in text]


def test_each_block_has_a_name_or_is_typed() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "python", "yaml"}
    assert find_files().keys() == {
        *["prometheus.yml", "test_rollout.py", "greetings.yaml", "greeter.py", "test_greeter.py"]
    }
    assert len(find_commands()) == 2


@pytest.mark.slow
def test_commands_run_with_the_files(tmp_path: Path, helm_path: Path) -> None:
    for name, text in find_files().items():
        (tmp_path / name).write_text(text)
    programs = [Path(sys.executable).parent, helm_path.parent, Path(find_kubectl()).parent, "/usr/bin", "/bin"]
    environment = {"PATH": ":".join(map(str, programs)), "HOME": str(tmp_path)}
    printed = ""
    for commands in find_commands():
        done = subprocess.run(
            ["bash", "-ex", "-o", "pipefail", "-c", f"{commands}\nwait"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            # Until it hangs: a disk that nothing was read from takes a minute.
            timeout=300,
            check=False,
        )
        printed += done.stdout
        assert done.returncode == 0, done.stdout + done.stderr
    assert 'deployment "web" successfully rolled out' in printed
    assert re.search(r"^shop\s+default\s+1\s+.*deployed", printed, re.MULTILINE)
    assert "5 passed" in printed
    assert not (tmp_path / "kubeconfig").exists()


def test_readme_is_read_in_some_minutes() -> None:
    prose = re.sub(r"^```.*?^```$", "", README.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert len(prose.split()) <= 900
