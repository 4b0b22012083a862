"""The embedded Terraform and the packaged AWS provider, for the modules' own tests: nothing is downloaded."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.adapters.terraform.process.binary import find_embedded
from tests.modules.shared_provider import share_provider


@pytest.fixture
def terraform() -> tuple[str, ...]:
    """The beginning of a command line."""
    return find_embedded()


@pytest.fixture
def terraform_env(unpacked_provider: Path, tmp_path: Path) -> dict[str, str]:
    """What a Terraform process of these tests may see: the mirror, no credentials, nobody's own configuration."""
    config = tmp_path / "cli.tfrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{unpacked_provider}" }}\n}}\n')
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(config),
        # Terraform lives for seconds here: it need not collect garbage often.
        "GOGC": "400",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
    }


@pytest.fixture(scope="module")
def mocked_provider(unpacked_provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables with which all `terraform test` share a process: with mocks they need only the schema of it."""
    folder = tmp_path_factory.mktemp("provider")
    with share_provider(unpacked_provider, folder, {"HOME": str(folder), "PATH": os.environ["PATH"]}) as more:
        yield more


@pytest.fixture
def sandbox(tmp_path: Path, unpacked_provider: Path) -> Iterator[RunningSandbox]:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "mirror").symlink_to(unpacked_provider)
    sandbox = Sandbox(folder)
    yield sandbox.start()
    sandbox.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-modules", default=None, help="names of modules to apply, with commas between")
