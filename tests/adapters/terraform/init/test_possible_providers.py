"""Which providers a stack may need, before Terraform has looked."""

import json
from pathlib import Path

from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.init.provider_install import find_possible_providers, has_required_providers
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.usecases.ports.terraform import PreparedStack

AWS, RANDOM, TLS = (
    PinnedProvider(f"registry.terraform.io/hashicorp/{name}", "1.0.0", frozenset()) for name in ("aws", "random", "tls")
)


def site(root: Path, files: dict[str, str], **document: object) -> Site:
    return Site("dev", PreparedStack("web"), lay(root, files, **document))


def lay(root: Path, files: dict[str, str], **document: object) -> Path:
    directory = root / "web"
    for name, text in files.items():
        (root / ".code" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / ".code" / name).write_text(text)
    directory.mkdir(parents=True)
    root_module = {"terraform": {}, "module": {"web": {"source": "../.code/modules/web"}}, **document}
    (directory / "main.tf.json").write_text(json.dumps(root_module, indent=2))
    return directory


def test_provider_named_in_reachable_code_is_needed(tmp_path: Path) -> None:
    files = {
        "modules/web/main.tf": 'resource "random_id" "x" {}\nmodule "in" {\n  source = "./in"\n}\n',
        "modules/web/in/main.tf.json": '{"module": {"up": {"source": "../../shared"}}}',
        "modules/shared/versions.tf": 'terraform { required_providers { x = { source = "hashicorp/tls" } } }',
        "modules/other/main.tf": 'resource "aws_vpc" "x" {}',
    }
    assert find_possible_providers(lay(tmp_path, files), (AWS, RANDOM, TLS)).needed == (RANDOM, TLS)


def test_provider_named_as_any_word_is_unlikely(tmp_path: Path) -> None:
    files = {"modules/web/main.tf": 'resource "tls_key" "x" {}\nlocals { random = 1 }\nprovider "aws" {}\n'}
    found = find_possible_providers(lay(tmp_path, files), (AWS, RANDOM, TLS))
    assert found.needed == (AWS, RANDOM, TLS)
    assert found.likely == (AWS, TLS)


def test_circular_and_missing_module_calls_are_tolerated(tmp_path: Path) -> None:
    files = {"modules/web/main.tf": 'module "a" { source = "../web" }\nmodule "b" { source = "./nowhere" }\n'}
    assert find_possible_providers(lay(tmp_path, files), (AWS,)).needed == ()


def test_providers_required_by_root_module_are_found(tmp_path: Path) -> None:
    assert not has_required_providers(site(tmp_path / "none", {}))
    assert has_required_providers(site(tmp_path / "configured", {}, provider={"aws": {}}))
    assert has_required_providers(site(tmp_path / "required", {}, terraform={"required_providers": {"aws": {}}}))
