"""The search of the code of root modules that run as they are."""

from collections.abc import Mapping

import pytest

from envctl.adapters.hcl.code_folders import find_account_code
from envctl.adapters.hcl.code_search import find_account_blocks
from envctl.adapters.hcl.root_search import read_roots
from envctl.domain.plan.provider_accounts import UNRESOLVED
from envctl.domain.release.root_findings import RootFindings

READS = {
    'file("x.json")': [],
    'file("${path.module}/a/x.json")': [],
    'file("../shared/x.json")': ["live/shared/x.json"],
    'file("${path.root}/../shared/x.json")': ["live/shared/x.json"],
    'file("${path.cwd}/../shared/x.json")': ["live/shared/x.json"],
    'templatefile("${path.module}/../../t/${var.e}.tftpl", {})': ["t"],
    'fileset("../shared", "*.json")': ["live/shared"],
    'fileset(path.module, "../shared/*.json")': ["live/shared"],
    'fileset(path.module, "**/*.json")': ["live/web"],
    'fileset("${path.module}/", "{tests,a}/*.json")': ["live/web"],
    "fileset(path.module, var.e)": ["live/web"],
    'fileset(path.module, "a/*.json")': [],
    'fileset(path.module, "*.json")': [],
    "file(local.path)": ["live/shared/y.json"],
    '"bash ${path.module}/../run.sh now"': ["live/run.sh"],
    'file("${dirname(path.root)}/x")': ["live/x"],
    "var.e": [],
}
NEEDED = {
    'resource "aws_vpc" "a" {}': {"aws": "hashicorp/aws"},
    'data "google_x" "a" {}': {"google": "hashicorp/google"},
    'resource "terraform_data" "a" {}': {},
    '# the provider\nlocals {}\n# resource "aws_vpc" "a" {}\n/*\nresource "aws_vpc" "a" {}\n*/': {},
    'resource "google_x" "a" {\n  provider = google-beta.eu\n}': {"google-beta": "hashicorp/google-beta"},
    'terraform {\n  required_providers {\n    amazon = { source = "hashicorp/aws" }\n  }\n}\ndata "aws_ami" "a" {}': {
        "amazon": "hashicorp/aws"
    },
    'module "m" {\n  source = "../../modules/m"\n}': {"random": "hashicorp/random"},
    'terraform {\n  required_providers {\n    dd = { source = "registry.terraform.io/DataDog/datadog" }\n  }\n}': {
        "dd": "datadog/datadog"
    },
}
MODULE = 'resource "random_id" "a" {}\n'
LONG_COMMENT = "# the provider\n" + "#" * 300 + "\n# of data\n" + "#" * 300 + '\nresource "aws_vpc" "a" {}\n'


def _read_files(files: Mapping[str, bytes]) -> RootFindings:
    return read_roots(files, {"web": ["live/web"]})["web"]


def read(code: str, **more: str) -> RootFindings:
    files = {"live/web/main.tf": code, "modules/m/main.tf": MODULE, **more}
    return _read_files({path: text.encode() for path, text in files.items()})


@pytest.mark.parametrize("text", READS)
def test_read_files_are_found(text: str) -> None:
    code = f'locals {{\n  path = "../shared/y.json"\n  x = {text}\n}}\nvariable "e" {{}}\n'
    found = read(code, **{"live/web/x.json": "", "live/web/a/x.json": ""})
    assert (list(found.reads), found.outside) == (READS[text], ())


def test_file_left_out_of_its_folder_is_read() -> None:
    found = read('locals {\n  a = file("${path.module}/.hidden/a.txt")\n}\n')
    assert list(found.reads) == ["live/web/.hidden/a.txt"]


@pytest.mark.parametrize("code", NEEDED)
def test_needed_providers_are_those_of_modules_too(code: str) -> None:
    assert read(code).needed == NEEDED[code]


def test_region_is_followed_through_local_values() -> None:
    code = 'locals {\n  r = var.r\n}\nvariable "r" {}\nprovider "aws" {\n  region = local.r\n}\n'
    (provider,) = read(code).providers
    assert (provider.region, provider.region_variable, provider.has_region) == ("", "r", True)
    (provider,) = read(code.replace("var.r\n", '"eu-west-1"\n')).providers
    assert (provider.region, provider.region_variable) == ("eu-west-1", "")


def test_json_is_read_like_code() -> None:
    code = """{"provider": {"aws": [{"region": "${var.r}"}, {"alias": "b", "profile": "x"}]},
      "terraform": {"backend": {"s3": {}}}, "resource": {"aws_vpc": {"a": {}}}, "module": {"m": {"source": "./m"}},
      "moved": {"from": "aws_vpc.b", "to": "aws_vpc.a"}}"""
    found = _read_files({"live/web/main.tf.json": code.encode()})
    assert [(each.alias, each.region_variable) for each in found.providers] == [("", "r"), ("b", "")]
    assert [each.kind for each in found.states] == ["backend"]
    assert found.addresses == ("aws_vpc.a", "module.m")
    assert found.moved == (("aws_vpc.b", "aws_vpc.a"),)
    assert found.needed == {"aws": "hashicorp/aws"}


def test_long_comments_cost_no_time() -> None:
    assert read(LONG_COMMENT).needed == {"aws": "hashicorp/aws"}
    assert find_account_code({"live/web/main.tf": LONG_COMMENT.encode()}, ["live/web"]) == {}


ENDPOINTS = '{"sns": "http://elsewhere.example"}'
SPELLINGS = {
    "main.tf": [
        'provider "\\u0061ws" {\n  alias = "b"\n  endpoints {\n    sns = "http://elsewhere.example"\n  }\n}\n',
        'provider aws {\n  alias = "b"\n  endpoints {\n    sns = "http://elsewhere.example"\n  }\n}\n',
        'provider "aws" {\n  alias = "b"\n  dynamic "\\u0065ndpoints" {\n    for_each = [1]\n    content {}\n  }\n}\n',
        'provider "aws" {\n  alias = "b"\n  dynamic endpoints {\n    for_each = [1]\n    content {}\n  }\n}\n',
    ],
    "main.tf.json": [
        f'{{"provider": {{"aws": {{"alias": "b", "endpoints": {ENDPOINTS}}}}}, "provider": {{"null": {{}}}}}}',
        f'{{"provider": {{"aws": {{"alias": "b", "endpoints": {ENDPOINTS}}}, "aws": {{}}}}}}',
        f'[{{"provider": {{"aws": {{"alias": "b", "endpoints": {ENDPOINTS}}}}}}}, {{"provider": {{"aws": {{}}}}}}]',
        '{"provider": {"aws": {"alias": "b", "dynamic": {"endpoints": {"for_each": [1], "content": {}}}}}}',
        '{"provider": {"aws": [{"alias": "b", "dynamic": [{"endpoints": {"for_each": [1], "content": {}}}]}]}}',
    ],
}


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in SPELLINGS.items() for code in codes])
def test_no_spelling_hides_a_provider(name: str, code: str) -> None:
    files = {f"live/web/{name}": code.encode(), f"modules/m/{name}": code.encode()}
    found = [each for each in _read_files(files).providers if each.alias == "b"]
    assert [bool(each.arguments["endpoints"]) for each in found] == [True]
    (block,) = (
        b for b in find_account_blocks(find_account_code(files, ["modules/m"])).providers if b.configuration.is_alias
    )
    assert block.configuration.endpoints


@pytest.mark.parametrize("code", ['{"dynamic": {"assume_role": {"for_each": []}}}', '{"assume_role": "${var.r}"}'])
def test_made_blocks_choose_credentials_too(code: str) -> None:
    files = {"live/web/main.tf.json": f'{{"provider": {{"aws": {code}}}}}'.encode()}
    (provider,) = _read_files(files).providers
    assert "assume_role" in provider.credentials
    assert provider.arguments["assume_role"] is UNRESOLVED
