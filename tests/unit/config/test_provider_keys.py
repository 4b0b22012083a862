"""The keys of `[providers.*]` are those of the provider's schema, and a mistyped one is told with the right one."""

import json
from pathlib import Path

import pytest

from envctl.domain.config.providers.provider_keys import AWS_BLOCKS, AWS_KEYS, check_provider_keys

SCHEMA = json.loads((Path(__file__).parents[2] / "modules" / "aws6" / "schema-6.25.0.json").read_text())
BLOCK = SCHEMA["provider_schemas"]["registry.terraform.io/hashicorp/aws"]["provider"]["block"]
SECRETS = {"access_key", "secret_key", "token"}
NESTED = {name: set(each["block"]["attributes"]) for name, each in BLOCK["block_types"].items() if name != "endpoints"}


def lock(version: str, address: str = "registry.terraform.io/hashicorp/aws") -> bytes:
    return f'provider "{address}" {{\n  version = "{version}"\n}}\n'.encode()


def found(said: dict[str, object], held: bytes | None = None, name: str = "aws") -> list[str]:
    return [
        f"{each.code} {'.'.join(map(str, each.path))}: {each.hint}" for each in check_provider_keys({name: said}, held)
    ]


def test_every_key_of_the_schema_is_known() -> None:
    assert {*BLOCK["attributes"], *BLOCK["block_types"]} <= AWS_KEYS
    assert set(AWS_BLOCKS) == set(NESTED)
    assert all(keys <= AWS_BLOCKS[name] for name, keys in NESTED.items())
    assert found(dict.fromkeys(sorted(AWS_KEYS - SECRETS), "x"), lock("6.25.0")) == []


@pytest.mark.parametrize("key", sorted(AWS_KEYS))
def test_mistyped_key_is_told_with_the_right_one(key: str) -> None:
    typo = key[:-2] + key[:-3:-1]
    meant = "shared_credentials_file" if key == "shared_credentials_files" else key
    assert found({typo: "x"}) == [f"E132 providers.aws.{typo}: did you mean {meant}?"]


def test_known_typos_are_told() -> None:
    assert found({"regoin": "x"}) == ["E132 providers.aws.regoin: did you mean region?"]
    assert found({"assume_role": [{"rol_arn": "x"}]}) == [
        "E132 providers.aws.assume_role.0.rol_arn: did you mean role_arn?"
    ]
    assert found({"default_tags": {"tgas": {}}}) == ["E132 providers.aws.default_tags.tgas: did you mean tags?"]
    assert found({"default_tags": {"tags": {"anything": "x"}}}) == []


@pytest.mark.parametrize(
    ("held", "is_told"),
    [
        (lock("6.25.0"), True),
        (lock("3.39.0"), True),
        (lock("6.26.0"), False),
        (lock("7.0.0"), False),
        (lock("3.39.0", "registry.terraform.io/acme/aws"), False),
        (b"", False),
        (None, False),
    ],
)
def test_unlike_key_is_told_of_known_versions_alone(held: bytes | None, is_told: bool) -> None:
    told = ["E132 providers.aws.zzz: its keys are those of a `provider` block in Terraform"]
    assert found({"zzz": 1}, held) == (told if is_told else [])


def test_other_providers_are_left_to_terraform() -> None:
    assert found({"regoin": "x"}, lock("6.25.0"), "datadog") == []
    assert found({"regoin": "x", "source": "acme/aws"}, lock("6.25.0")) == []
    assert found({"regoin": "x", "source": "registry.terraform.io/hashicorp/aws"})
    assert found({"regoin": "x", "source": "hashicorp/aws"}, name="amazon")
    assert found({"source": "hashicorp/aws", "version": "~> 6.0", "region": "x"}, lock("6.25.0")) == []


@pytest.mark.parametrize("key", ["alias", "dynamic", "for_each"])
@pytest.mark.parametrize("name", ["aws", "datadog"])
def test_name_of_a_table_says_its_alias(key: str, name: str) -> None:
    (told,) = found({key: "x"}, lock("6.25.0"), name)
    assert told.startswith(f"E134 providers.{name}.{key}: for another region of the account, write [stacks.STACK")
