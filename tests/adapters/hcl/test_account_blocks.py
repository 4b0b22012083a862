"""Blocks that decide with whose credentials something is done are found in all code that a stack reaches."""

import json

import pytest

from envctl.adapters.hcl.code_folders import find_account_code
from envctl.adapters.hcl.code_search import find_account_blocks
from envctl.domain.plan.provider_accounts import (
    UNRESOLVED,
    AccountScope,
    ProviderConfiguration,
    find_account_mismatches,
)
from envctl.domain.release.code_search import AccountBlocks

ACCOUNT = "111111111111"
HOME = AccountScope("dev", ACCOUNT, "", ())


def read(code: str, name: str = "main.tf", **files: str) -> AccountBlocks:
    data = {f"modules/web/{name}": code.encode(), **{path: text.encode() for path, text in files.items()}}
    return find_account_blocks(find_account_code(data, ["modules/web"]))


def providers(code: str, name: str = "main.tf", **files: str) -> dict[str, ProviderConfiguration]:
    return {str(each.location): each.configuration for each in read(code, name, **files).providers}


def alone(code: str, name: str = "main.tf") -> ProviderConfiguration:
    (found,) = providers(code, name).values()
    return found


def test_provider_block_is_found_with_its_line() -> None:
    code = '# first\nprovider "aws" {\n  alias  = "us_east_1"\n  region = "us-east-1"\n}\n'
    found = providers(code)
    assert list(found) == ["modules/web/main.tf:2"]
    (configuration,) = found.values()
    assert configuration == ProviderConfiguration(name="aws.us_east_1", kind="aws", module="the module")


@pytest.mark.parametrize(
    "spelled",
    [
        'provider "aws" {}',
        "provider aws {}",
        'provider/* of all */"aws"{}',
        '\ufeffprovider "aws" {\n}',
        'provider "aws" { # "\n}',
        'provider "a\\u0077s" {}',
    ],
)
def test_every_spelling_is_found(spelled: str) -> None:
    assert alone(f"{spelled}\n").name == "aws"


@pytest.mark.parametrize(
    "code",
    [
        'resource "aws_vpc" "a" {\n  provider = aws.x\n}\n',
        '# provider "aws" {}\n',
        'locals {\n  text = "provider \\"aws\\" {"\n}\n',
        'provider "random" {}\n',
        'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n',
        'terraform {\n  required_providers {\n    aws = { source = "acme/other" }\n  }\n}\nprovider "aws" {}\n',
    ],
)
def test_nothing_else_is_taken_for_one(code: str) -> None:
    assert read(code) == AccountBlocks()


def test_source_decides_and_not_the_name() -> None:
    code = 'terraform {\n  required_providers {\n    amazon = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n'
    assert alone(f'{code}provider "amazon" {{}}\n').kind == "aws"
    assert alone('provider "awscc" {}\n').kind == "awscc"


def test_files_of_a_folder_know_each_others_sources() -> None:
    required = 'terraform {\n  required_providers {\n    amazon = { source = "hashicorp/aws" }\n  }\n}\n'
    found = providers('provider "amazon" {}\n', **{"modules/web/versions.tf": required})
    assert list(found) == ["modules/web/main.tf:1"]


WHERE = {
    "a module of the module": ("modules/web/main.tf", 'module "a" {\n  source = "./a"\n}\n', "modules/web/a/x.tf"),
    "a module beside it": ("modules/web/main.tf", 'module "a" {\n  source = "../a"\n}\n', "modules/a/main.tf"),
    "a file of OpenTofu": ("modules/web/main.tf", "", "modules/web/x.tofu"),
    "an override file": ("modules/web/main.tf", 'provider "random" {}\n', "modules/web/override.tf"),
}


@pytest.mark.parametrize(("first", "code", "second"), WHERE.values(), ids=WHERE)
def test_all_reached_code_is_read(first: str, code: str, second: str) -> None:
    files = {first: code.encode(), second: b'provider "aws" {}\n'}
    blocks = find_account_blocks(find_account_code(files, ["modules/web"]))
    assert [str(each.location) for each in blocks.providers] == [f"{second}:1"]


def test_code_that_no_module_reaches_does_not_matter() -> None:
    assert providers("", **{"modules/web/examples/main.tf": 'provider "aws" {}\n'}) == {}


ACCOUNTS = f'allowed_account_ids = ["{ACCOUNT}"]'
MINE, OTHERS = f"arn:aws:iam::{ACCOUNT}:role/x", "arn:aws:iam::999999999999:role/x"
AWS = "https://sts.amazonaws.com"


def taking(role: str) -> str:
    return f'assume_role {{\n    role_arn = "{role}"\n  }}'


def sending(endpoint: str) -> str:
    return f"{ACCOUNTS}\n  endpoints {{\n    sts = {endpoint}\n  }}"


def dynamic(kind: str, content: str) -> str:
    return f'dynamic "{kind}" {{\n    for_each = [1]\n    content {{\n      {content}\n    }}\n  }}'


SAYS: dict[str, tuple[str, bool]] = {
    "the account": (ACCOUNTS, True),
    "the account under a name in quotes, which HCL does not take": (f'"allowed_account_ids" = ["{ACCOUNT}"]', False),
    "the account with a comment": (f'allowed_account_ids = [ # mine\n    "{ACCOUNT}",\n  ]', True),
    "the account as a number": (f"allowed_account_ids = [{ACCOUNT}]", True),
    "an account and an expression": (f'allowed_account_ids = ["{ACCOUNT}", var.other]', False),
    "a variable": ("allowed_account_ids = [var.account]", False),
    "a template": ('allowed_account_ids = ["${var.account}"]', False),
    "a function": (f'allowed_account_ids = tolist(["{ACCOUNT}"])', False),
    "none": ("allowed_account_ids = []", False),
    "null": ("allowed_account_ids = null", False),
    "a role": (taking(MINE), True),
    "two roles": (f"{taking(MINE)}\n  {taking(OTHERS)}", False),
    "a role from an expression": (taking("arn:aws:iam::${var.x}:role/x"), False),
    "a dynamic role": (dynamic("assume_role", f'role_arn = "{MINE}"'), False),
    "endpoints of its own": (sending('"http://127.0.0.1"'), False),
    "endpoints from an expression": (sending("var.sts"), False),
    "dynamic endpoints": (f"{ACCOUNTS}\n  {dynamic('endpoints', f'sts = {AWS!r}')}", False),
    "endpoints of AWS": (sending(f'"{AWS}"'), True),
    "a profile": ('profile = "mine"', False),
    "keys": (f'{ACCOUNTS}\n  access_key = "a"\n  secret_key = var.key', True),
}


@pytest.mark.parametrize(("body", "passes"), SAYS.values(), ids=SAYS)
def test_block_tells_its_account_by(body: str, passes: bool) -> None:
    found = alone(f'provider "aws" {{\n  {body}\n}}\n')
    assert (not list(find_account_mismatches(found, HOME))) is passes


JSON_SAYS: dict[str, tuple[dict[str, object], bool]] = {
    "the account": ({"allowed_account_ids": [ACCOUNT]}, True),
    "a template": ({"allowed_account_ids": ["${var.account}"]}, False),
    "a role": ({"assume_role": {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/x"}}, True),
    "a list of roles": ({"assume_role": [{"role_arn": f"arn:aws:iam::{ACCOUNT}:role/x"}]}, True),
    "endpoints": ({"allowed_account_ids": [ACCOUNT], "endpoints": {"sts": "http://127.0.0.1"}}, False),
    "nothing": ({"alias": "far"}, False),
}


@pytest.mark.parametrize(("body", "passes"), JSON_SAYS.values(), ids=JSON_SAYS)
@pytest.mark.parametrize("is_list", [False, True])
def test_json_tells_its_account_by(body: dict[str, object], passes: bool, is_list: bool) -> None:
    found = alone(json.dumps({"provider": {"aws": [body] if is_list else body}}, indent=1), "main.tf.json")
    assert (not list(find_account_mismatches(found, HOME))) is passes
    assert found.name == ("aws.far" if "alias" in body else "aws")


def test_json_says_sources_and_lines() -> None:
    document = {
        "terraform": [{"required_providers": {"amazon": {"source": "hashicorp/aws"}}}],
        "provider": [{"amazon": [{"alias": "a"}, {"alias": "b"}]}],
    }
    found = read(json.dumps(document, indent=1), "main.tf.json").providers
    assert [each.configuration.name for each in found] == ["amazon.a", "amazon.b"]


def test_escapes_in_json_hide_nothing() -> None:
    assert alone('{"pro\\u0076ider": {"aws": {}}}', "main.tf.json").name == "aws"


def test_block_that_the_tree_loses_is_not_lost() -> None:
    code = 'locals {\n  a = {{{\n}\nprovider "aws" {\n  allowed_account_ids = ["111111111111"]\n}\n'
    assert "modules/web/main.tf:4" in providers(code)


STATES: dict[str, tuple[str, list[tuple[str, bool]]]] = {
    "no role": ('backend = "s3"\n  config = {\n    bucket = "b"\n  }', [("s3", False)]),
    "a role": ('backend = "s3"\n  config = {\n    role_arn = "arn"\n  }', [("s3", True)]),
    "a role as an object": (
        'backend = "s3"\n  config = {\n    assume_role = { role_arn = var.role }\n  }',
        [("s3", True)],
    ),
    "an empty role": ('backend = "s3"\n  config = {\n    role_arn = ""\n  }', [("s3", False)]),
    "a role that is null": ('backend = "s3"\n  config = {\n    "role_arn" = null\n  }', [("s3", False)]),
    "a configuration from elsewhere": ('backend = "s3"\n  config = var.state', [("s3", False)]),
    "a backend from elsewhere": ("backend = var.kind\n  config = {}", [("", False)]),
    "another backend": ('backend = "http"\n  config = {\n    address = "x"\n  }', [("http", False)]),
}


@pytest.mark.parametrize(("body", "told"), STATES.values(), ids=STATES)
def test_remote_state_is_found_with(body: str, told: list[tuple[str, bool]]) -> None:
    found = read(f'data "terraform_remote_state" "net" {{\n  {body}\n}}\n').remote_states
    assert [(each.backend, each.takes_role) for each in found] == told
    assert [(str(each.location), each.name) for each in found] == [("modules/web/main.tf:1", "net")]


def test_remote_state_in_json_is_found() -> None:
    states = {"a": {"backend": "s3", "config": {"role_arn": "arn"}}, "b": [{"backend": "${var.x}"}]}
    code = json.dumps({"data": {"terraform_remote_state": states}}, indent=1)
    found = read(code, "main.tf.json").remote_states
    assert [(each.name, each.backend, each.takes_role) for each in found] == [("a", "s3", True), ("b", "", False)]


@pytest.mark.parametrize(
    ("code", "name", "told"),
    [
        ('terraform {\n  backend "s3" {}\n}\n', "main.tf", ["modules/web/main.tf:2 backend"]),
        ("terraform {\n  cloud {\n  }\n}\n", "main.tf", ["modules/web/main.tf:2 cloud"]),
        ('{"terraform": {"backend": {"s3": {}}}}', "main.tf.json", ["modules/web/main.tf.json:1 backend"]),
        ('{"terraform": [{"cloud": {}}]}', "main.tf.json", ["modules/web/main.tf.json:1 cloud"]),
        ('resource "x" "backend" {\n  cloud {\n  }\n}\n', "main.tf", []),
    ],
)
def test_block_of_a_state_is_found(code: str, name: str, told: list[str]) -> None:
    assert [f"{each.location} {each.kind}" for each in read(code, name).states] == told


def test_values_that_are_no_text_are_read() -> None:
    assert alone('provider "aws" {\n  allowed_account_ids = 5\n}\n').allowed == ()
    assert alone('{"provider": {"aws": {"allowed_account_ids": 5}}}', "main.tf.json").allowed == ()
    assert UNRESOLVED
