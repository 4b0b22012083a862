"""The first line of a provider, and the variable for Terraform."""

import json

import pytest

from envctl.adapters.terraform.warm.handshake import (
    ProviderAddress,
    build_variables,
    format_addresses,
    parse_handshake,
)

SOURCE = "registry.terraform.io/hashicorp/aws"


@pytest.mark.parametrize(
    ("line", "protocol"),
    [
        ("1|5|unix|/tmp/plugin1|grpc", 5),
        ("1|5|unix|/tmp/plugin1|grpc|", 5),
        ("1|6|unix|/tmp/plugin1|grpc||true", 6),
        ("1|4|unix|/tmp/plugin1|grpc|", None),
        ("1|7|unix|/tmp/plugin1|grpc|", None),
        ("2|5|unix|/tmp/plugin1|grpc|", None),
        ("1|5|tcp|127.0.0.1:1234|grpc|", None),
        ("1|5|unix|/tmp/plugin1|netrpc|", None),
        # A certificate: it speaks TLS alone.
        ("1|5|unix|/tmp/plugin1|grpc|MIIB", None),
        ("1|x|unix|/tmp/plugin1|grpc|", None),
        ("1|-5|unix|/tmp/plugin1|grpc|", None),
        ("1|5|unix|/tmp/plugin1", None),
        ("This binary is a plugin.", None),
        ("", None),
    ],
)
def test_handshake_is_parsed(line: str, protocol: int | None) -> None:
    found = parse_handshake(SOURCE, 7, line)
    assert found == (None if protocol is None else ProviderAddress(SOURCE, 7, protocol, "/tmp/plugin1"))


def test_provider_gets_one_folder_for_all_its_files() -> None:
    found = build_variables("/run/x")
    assert (found["PLUGIN_UNIX_SOCKET_DIR"], found["TMPDIR"]) == ("/run/x", "/run/x")
    assert found["PLUGIN_PROTOCOL_VERSIONS"] == "5,6"
    # With a certificate it would speak TLS alone.
    assert "PLUGIN_CLIENT_CERT" not in found


def test_terraform_gets_all_addresses_and_ends_none() -> None:
    addresses = [ProviderAddress(SOURCE, 7, 5, "/run/x/plugin1"), ProviderAddress("example.com/a/b", 8, 6, "/run/y/é")]
    (text,) = format_addresses(addresses).values()
    found = json.loads(text)
    assert found[SOURCE] == {
        "Protocol": "grpc",
        "ProtocolVersion": 5,
        "Pid": 7,
        "Test": True,
        "Addr": {"Network": "unix", "String": "/run/x/plugin1"},
    }
    assert found["example.com/a/b"]["Addr"]["String"] == "/run/y/é"
