"""Data sources of a root module that read states in S3 without a role of their own."""

import pytest

from envctl.adapters.hcl.root_search import read_roots

JSON_STATE = b"""
{"data": {"terraform_remote_state": {"net": {"backend": "s3", "config": {"key": "${x}"}}}}}
"""
STATE = 'data "terraform_remote_state" "net" {{\n  backend = {backend}\n{config}\n}}\n'


def write(backend: str = '"s3"', config: str = '  config = { bucket = "b" }') -> bytes:
    return STATE.format(backend=backend, config=config).encode()


FOUND: dict[str, tuple[dict[str, bytes], dict[str, str]]] = {
    "a state in S3": ({"main.tf": write()}, {"net": '{ bucket = "b" }'}),
    "an expression": ({"main.tf": write(config="  config = local.states")}, {"net": "local.states"}),
    "another backend": ({"main.tf": write('"gcs"')}, {}),
    "a backend from an expression": ({"main.tf": write("var.kind")}, {}),
    "no configuration": ({"main.tf": write(config="")}, {}),
    "a role of its own": ({"main.tf": write(config='  config = { role_arn = "arn" }')}, {}),
    "a role of its own in a block": ({"main.tf": write(config='  config = { assume_role = { role_arn = "a" } }')}, {}),
    "JSON": (
        {
            "main.tf.json": JSON_STATE,
        },
        {"net": '{"key": "${x}"}'},
    ),
    "a configuration in an override file": (
        {"main.tf": write(), "a_override.tf": b'data "terraform_remote_state" "net" {\n  config = { key = "k" }\n}\n'},
        {"net": '{ key = "k" }'},
    ),
    "a module of the root": ({"main.tf": b'module "m" { source = "./m" }\n', "m/main.tf": write()}, {}),
}


@pytest.mark.parametrize(("files", "found"), FOUND.values(), ids=FOUND.keys())
def test_states_without_a_role_are_found(files: dict[str, bytes], found: dict[str, str]) -> None:
    code = {f"live/{name}": data for name, data in files.items()}
    assert read_roots(code, {"live": ["live"]})["live"].remote_states == found
