"""Which Terraform runs here, and where it would take its providers from."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.terraform.init import provider_source
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.terraform import InstalledTerraform, ProviderSource
from tests.adapters.terraform.conftest import Heard

AWS = {"registry.terraform.io/hashicorp/aws": "6.25.0"}


def driver(root: Path) -> TerraformDriver:
    inherited = {"PATH": os.fspath(root / "bin"), "HOME": os.fspath(root)}
    return TerraformDriver(root, root / ".envctl", lambda _: inherited, Heard())


def saying(root: Path, script: str) -> TerraformDriver:
    program = root / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return driver(root)


@pytest.mark.terraform
def test_embedded_terraform_version_is_detected(tmp_path: Path) -> None:
    found = driver(tmp_path).detect_version("")
    assert found.program == "the embedded Terraform"
    assert found.version.startswith("1.")


def test_version_is_read_without_checking_for_updates(tmp_path: Path) -> None:
    there = saying(tmp_path, """echo "{\\"terraform_version\\": \\"1.9.$CHECKPOINT_DISABLE\\"}" """)
    assert there.detect_version("") == InstalledTerraform(os.fspath(tmp_path / "bin" / "terraform"), "1.9.1")


SAYS = {
    "nothing": ("exit 3", "it ended with 3"),
    "something else": ("echo hello", "hello"),
    "a list": ("echo '[]'", "[]"),
    "why not": ("echo 'wrong architecture' >&2; exit 1", "wrong architecture"),
}


@pytest.mark.parametrize(("script", "said"), SAYS.values(), ids=SAYS)
def test_missing_version_is_reported(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(OperationFailedError) as raised:
        saying(tmp_path, script).detect_version("")
    (problem,) = raised.value.problems
    assert problem.code == "E303"
    assert problem.message.endswith(f"does not report its version: {said}")


def cached(folder: Path, version: str) -> dict[str, str]:
    (folder / "cache" / "registry.terraform.io/hashicorp/aws" / version).mkdir(parents=True)
    return {"TF_PLUGIN_CACHE_DIR": os.fspath(folder / "cache"), "HOME": os.fspath(folder)}


def test_cached_provider_is_found_in_the_cache(tmp_path: Path) -> None:
    environment = cached(tmp_path, "6.25.0")
    found = provider_source.find_source(environment, AWS, knock=True)
    assert found == ProviderSource("cache", os.fspath(tmp_path / "cache"))


def test_other_version_in_the_cache_is_ignored(tmp_path: Path) -> None:
    environment = cached(tmp_path, "6.24.0")
    assert provider_source.find_source(environment, AWS, knock=False) == ProviderSource(
        "registry", "registry.terraform.io"
    )


MIRRORS = {
    "of files": ('filesystem_mirror {\n path = "{folder}"\n include = ["*/*/*"]\n}', "mirror", ""),
    "of files that are gone": ('filesystem_mirror {\n path = "{folder}/gone"\n}', "mirror", "no such folder"),
    "on the network": ('network_mirror {\n url = "https://mirror.example.com/"\n}', "mirror", ""),
    "that is a comment": ('# filesystem_mirror {\n# path = "{folder}"\n# }', "registry", ""),
    "that is none": ("direct {}", "registry", ""),
}


@pytest.mark.parametrize(("text", "kind", "problem"), MIRRORS.values(), ids=MIRRORS)
@pytest.mark.parametrize("named", [True, False], ids=["named", "at home"])
def test_provider_mirror_is_found(tmp_path: Path, text: str, kind: str, problem: str, *, named: bool) -> None:
    file = tmp_path / ("my.tfrc" if named else ".terraformrc")
    file.write_text(f"provider_installation {{\n{text.replace('{folder}', os.fspath(tmp_path))}\n}}\n")
    environment = {"HOME": os.fspath(tmp_path), **({"TF_CLI_CONFIG_FILE": os.fspath(file)} if named else {})}
    found = provider_source.find_source(environment, AWS, knock=False)
    assert (found.kind, found.problem) == (kind, problem)


@pytest.fixture
def deaf() -> Iterator[str]:
    """A proxy that takes whoever comes, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_silent_registry_is_waited_for_with_timeout(tmp_path: Path, deaf: str) -> None:
    environment = {"HOME": os.fspath(tmp_path), "HTTPS_PROXY": deaf}
    found = provider_source.find_source(environment, {"a.example.com/x/y": "1.0.0", **AWS}, knock=True, patience=0.2)
    assert (found.kind, found.where, found.asked) == ("registry", "a.example.com, registry.terraform.io", True)
    assert "a.example.com: " in found.problem
    assert "registry.terraform.io: " in found.problem


def test_unreachable_registry_is_reported(tmp_path: Path) -> None:
    environment = {"HOME": os.fspath(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    assert "refused" in provider_source.find_source(environment, AWS, knock=True).problem
