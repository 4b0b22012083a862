"""What Terraform's own configuration says of where providers come from."""

from pathlib import Path

import pytest

from envctl.adapters.terraform.environment import cli_configuration
from envctl.adapters.terraform.environment.cli_configuration import InstallMethod

AWS, OURS = "registry.terraform.io/hashicorp/aws", "example.com/acme/tiny"


def environment(home: Path, text: str, **more: str) -> dict[str, str]:
    (home / ".terraformrc").write_text(text)
    return {"HOME": str(home), **more}


BOTH = """
# provider_installation { network_mirror { url = "https://commented.example/" } }
plugin_cache_dir = "$HOME/plugins"
provider_installation {
  filesystem_mirror {
    path    = "/mirror/\\"quoted\\""
    include = ["hashicorp/*", "example.org/*/*"]
  }
  network_mirror {
    url     = "https://mirror.example/"
    exclude = ["example.com/*/*"]
  }
  direct {
    include = ["example.com/*/*"]
  }
}
"""


def test_installation_methods_are_read_in_order(tmp_path: Path) -> None:
    assert cli_configuration.parse_install_methods(environment(tmp_path, BOTH)) == (
        InstallMethod("filesystem", '/mirror/"quoted"', ("hashicorp/*", "example.org/*/*")),
        InstallMethod("network", "https://mirror.example/", (), ("example.com/*/*",)),
        InstallMethod("direct", "", ("example.com/*/*",)),
    )


@pytest.mark.parametrize(
    ("method", "address", "has"),
    [
        (InstallMethod("direct"), AWS, True),
        (InstallMethod("direct", include=("hashicorp/aws",)), AWS, True),
        (InstallMethod("direct", include=("hashicorp/*",)), OURS, False),
        (InstallMethod("direct", include=("example.com/*/*",)), OURS, True),
        (InstallMethod("direct", exclude=("registry.terraform.io/*/*",)), AWS, False),
        (InstallMethod("direct", include=("*/*/*",), exclude=("example.com/acme/tiny",)), OURS, False),
    ],
    ids=[
        "without a word it has all",
        "a pattern may leave the registry out",
        "another host is not the registry",
        "a host with all that it has",
        "a host that is left out",
        "what is left out counts last",
    ],
)
def test_installation_method_provides_provider(method: InstallMethod, address: str, has: bool) -> None:
    assert method.can_provide(address) is has


def test_plugin_cache_comes_from_environment_or_file(tmp_path: Path) -> None:
    there = environment(tmp_path, BOTH)
    assert cli_configuration.find_plugin_cache(there) == ""
    (tmp_path / "plugins").mkdir()
    assert cli_configuration.find_plugin_cache(there) == f"{tmp_path}/plugins"
    assert cli_configuration.find_plugin_cache({**there, "TF_PLUGIN_CACHE_DIR": "/mine"}) == "/mine"
    assert cli_configuration.find_plugin_cache({"HOME": str(tmp_path / "nobody")}) == ""


def test_configuration_file_from_environment_replaces_all_others(tmp_path: Path) -> None:
    there = environment(tmp_path, BOTH)
    (tmp_path / ".terraform.d").mkdir()
    (tmp_path / ".terraform.d" / "more.tfrc").write_text("# more")
    assert len(list(cli_configuration.read_config_files(there))) == 2
    named = tmp_path / "named.tfrc"
    named.write_text("# nothing")
    there["TF_CLI_CONFIG_FILE"] = str(named)
    assert list(cli_configuration.read_config_files(there)) == [str(named).encode() + b"\0# nothing"]
    assert cli_configuration.parse_install_methods(there) == ()
