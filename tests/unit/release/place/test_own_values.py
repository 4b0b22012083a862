"""Values that belong to one environment, in code and settings of others."""

import pytest

from envctl.adapters.toml.reader import load_project
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.place.own_values import find_in_code, find_in_settings, require_own_values
from envctl.domain.release.wiring import Wiring
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER
from tests.catching import catch

DEV, PROD = "111111111111", "333333333333"
STATE = """
[state]
backend = "s3"
bucket = "acme-states-{env}"
key = "{stack}/terraform.tfstate"
"""
CENTRAL = """
[state]
backend = "s3"
bucket = "acme-states"
key = "{env}/{stack}.tfstate"
"""
BASE = """
[project]
name = "acme"
[pipeline]
order = ["dev", "qa", "prod"]
[environments.dev]
account_id = "111111111111"
region = "eu-west-1"
signing_key = "alias/dev-ledger"
%s
[environments.qa]
%s
[environments.prod]
account_id = "333333333333"
region = "eu-west-1"
signing_key = "alias/prod-ledger"
%s
[stacks.web]
root = "live"
[stacks.jobs]
kind = "kubernetes"
path = "jobs"
overlay = "overlays/{environment}"
kubeconfig_context = "kind-{environment}"
namespace = "jobs"
"""
READING = """
data "terraform_remote_state" "s3" {
  backend = "s3"
  config = {
    bucket = "%s"
    key    = "%s"
  }
}
"""


VARIABLES = f"""apiVersion: v1
kind: ConfigMap
metadata:
  name: envctl
  annotations:
    config.kubernetes.io/local-config: "true"
data:
  role: arn:aws:iam::{DEV}:role/web
  roles: |
    - rolearn: arn:aws:iam::{DEV}:role/node
"""
REPLACED = f"""metadata:
  annotations:
    eks.amazonaws.com/role-arn: "arn:aws:iam::{DEV}:role/web"
"""


def load(state: str = STATE, dev: str = "", qa: str = "", prod: str = "") -> Project:
    return load_project((BASE % (dev, qa, prod) + state).encode())


def search(code: str, path: str = "live/data.tf", project: Project | None = None) -> list[Problem]:
    release = Release(
        Wiring(project="acme", terraform="", stacks={}, artifacts={}, schema={}, outputs={}),
        {path: File(code.encode())},
    )
    return list(find_in_code(project or load(), release))


def describe(code: str, path: str = "live/data.tf", project: Project | None = None) -> list[str]:
    return [f"{each.location}: {each.message}" for each in search(code, path, project)]


IN_CODE: dict[str, tuple[str, str, list[str]]] = {
    "a bucket": (
        STATE,
        READING % ("acme-states-dev", "web/terraform.tfstate"),
        ["live/data.tf:5: the code of qa and prod names acme-states-dev: the bucket of the states of dev"],
    ),
    "a bucket in an ARN": (
        STATE,
        'locals {\n  arn = "arn:aws:s3:::acme-states-prod/*"\n}\n',
        ["live/data.tf:2: the code of dev and qa names acme-states-prod: the bucket of the states of prod"],
    ),
    "a bucket in a URL": (
        STATE,
        'locals {\n  a = "s3://acme-states-qa/x"\n  b = "https://acme-states-qa.s3.amazonaws.com"\n}\n',
        ["live/data.tf:2: the code of dev and prod names acme-states-qa: the bucket of the states of qa"],
    ),
    "a key in the bucket of all": (
        CENTRAL,
        READING % ("acme-states", "dev/web.tfstate"),
        ["live/data.tf:6: the code of qa and prod names dev/web.tfstate: the state of web in dev"],
    ),
    "a prefix": (
        '[state]\nbackend = "gcs"\nbucket = "b"\nprefix = "{env}/{stack}"\n',
        'locals {\n  prefix = "prod/web"\n}\n',
        ["live/data.tf:2: the code of dev and qa names prod/web: the state of web in prod"],
    ),
    "a context": (
        STATE,
        'provider "kubernetes" {\n  config_context = "kind-dev"\n}\n',
        ["live/data.tf:2: the code of qa and prod names kind-dev: the context of jobs in dev"],
    ),
    "a signing key": (
        STATE,
        'data "aws_kms_alias" "a" {\n  name = "alias/dev-ledger"\n}\n',
        ["live/data.tf:2: the code of qa and prod names alias/dev-ledger: a signing key of dev"],
    ),
    "an account in an ARN": (
        STATE,
        f'locals {{\n  role = "arn:aws:iam::{DEV}:role/x"\n}}\n',
        [f"live/data.tf:2: the code of qa and prod names {DEV}: the account of dev"],
    ),
    "two environments in two blocks": (
        STATE,
        READING % ("acme-states-dev", "a") + READING.strip() % ("acme-states-prod", "b"),
        [
            "live/data.tf:5: the code of qa and prod names acme-states-dev: the bucket of the states of dev",
            "live/data.tf:12: the code of dev and qa names acme-states-prod: the bucket of the states of prod",
        ],
    ),
    "a second place in a file": (
        STATE,
        READING % ("acme-states-dev", "a") + READING % ("acme-states-dev", "b"),
        ["live/data.tf:5: the code of qa and prod names acme-states-dev: the bucket of the states of dev"],
    ),
}
NOT_IN_CODE: dict[str, tuple[str, str]] = {
    "the bucket of all": (CENTRAL, READING % ("acme-states", "other/x.tfstate")),
    "the key of all": (STATE, READING % ("acme-other", "web/terraform.tfstate")),
    "an expression": (STATE, READING % ("acme-states-${var.environment}", "web/terraform.tfstate")),
    "a longer name": (STATE, READING % ("acme-states-dev-logs", "x-acme-states-dev")),
    "a path below": (CENTRAL, READING % ("acme-states", "legacy/dev/web.tfstate")),
    "a part of a number": (STATE, f'locals {{\n  a = "{DEV}0"\n  b = "x-{DEV}"\n  c = "{DEV}.dkr.ecr"\n}}\n'),
    "a comment": (
        STATE,
        '# acme-states-dev\nlocals {\n  a = "b" # acme-states-dev\n  // acme-states-dev\n  c = 1 #acme-states-dev\n}\n',
    ),
    "a label": (STATE, 'resource "aws_s3_bucket" "acme-states-dev" {\n}\n'),
    "a reference": (STATE, "locals {\n  a = aws_s3_bucket.acme-states-dev\n}\n"),
    "a description": (STATE, 'output "a" {\n  description = "acme-states-dev"\n}\n'),
    "a choice": (STATE, 'locals {\n  a = {\n    dev = "acme-states-dev"\n    prod = "acme-states-prod"\n  }\n}\n'),
    "a default": (STATE, 'variable "a" {\n  default = "acme-states-dev"\n}\n'),
    "a default on one line": (STATE, 'variable "a" { default = "acme-states-dev" }\nlocals {\n}\n'),
    "a backend block": (STATE, 'terraform {\n  backend "s3" {\n    bucket = "acme-states-dev"\n  }\n}\n'),
    "the name of an environment": (
        '[state]\nbackend = "gcs"\nbucket = "b-{stack}"\nprefix = "{env}"\n',
        'locals {\n  a = "dev"\n}\n',
    ),
}


@pytest.mark.parametrize(("state", "code", "found"), IN_CODE.values(), ids=IN_CODE.keys())
def test_value_of_one_environment_is_found(state: str, code: str, found: list[str]) -> None:
    assert describe(code, project=load(state)) == found


@pytest.mark.parametrize(("state", "code"), NOT_IN_CODE.values(), ids=NOT_IN_CODE.keys())
def test_other_texts_are_no_findings(state: str, code: str) -> None:
    assert describe(code, project=load(state)) == []


def test_examples_of_kubernetes_variables_are_no_findings() -> None:
    code = f"kind: Namespace\n---\n{VARIABLES}---\n{REPLACED}    of: arn:aws:iam::{DEV}:role/other\n"
    (found,) = search(code, "web/base.yaml")
    assert str(found.location) == "web/base.yaml:17"
    assert found.hint.startswith("name that of each environment, by a variable")


HINTS: dict[str, tuple[str, str, str]] = {
    "a bucket": (STATE, 'locals {\n  a = "acme-states-dev"\n}\n', 'write "acme-states-${var.environment}"'),
    "a key": (CENTRAL, 'locals {\n  a = "dev/web.tfstate"\n}\n', 'write "${var.environment}/web.tfstate"'),
    "a default key": ('[state]\nbackend = "s3"\n', 'x = "dev/web.tfstate"\n', 'write "${var.environment}/web.tfstate"'),
    "a context": (STATE, 'a = "kind-dev"\n', 'write "kind-${var.environment}"'),
    "an account": (STATE, f'a = "{DEV}"\n', 'write "${data.aws_caller_identity.current.account_id}"'),
    "a signing key": (STATE, 'a = "alias/dev-ledger"\n', "name that of each environment, by a variable"),
}


@pytest.mark.parametrize(("state", "code", "right"), HINTS.values(), ids=HINTS.keys())
def test_hint_has_the_right_expression(state: str, code: str, right: str) -> None:
    (problem,) = search(code, project=load(state))
    meant = 'if that is meant, add reads = ["dev"] to [environments.qa] and [environments.prod]'
    assert problem.hint == f"{right}; {meant}"


BUCKET = 'locals {\n  a = "acme-states-dev"\n}\n'


def test_reads_silences_exactly_that_environment() -> None:
    reads = 'reads = ["dev"]'
    assert describe(BUCKET, project=load(qa=reads, prod=reads)) == []
    (problem,) = search(BUCKET, project=load(qa=reads))
    assert problem.message.startswith("the code of prod names")
    assert search(BUCKET.replace("dev", "prod"), project=load(qa=reads, prod=reads))


def test_reads_names_an_environment() -> None:
    (problem,) = catch(ConfigurationError, load, qa='reads = ["dve"]').problems
    assert (problem.code, problem.message) == ("E104", "qa reads dve, but there is no such environment")
    assert problem.hint == "did you mean dev?"


def test_accounts_are_remarks_and_other_accounts_are_allowed() -> None:
    code = f'locals {{\n  a = "{DEV}"\n}}\n'
    (problem,) = search(code)
    assert problem.code == ""
    require_own_values([problem])
    with pytest.raises(ConfigurationError, match="E164"):
        require_own_values(search(BUCKET))
    allowed = f'other_accounts = ["{DEV}"]'
    (problem,) = search(code, project=load(prod=allowed))
    assert problem.message.startswith("the code of qa names")


def test_account_of_two_environments_belongs_to_none() -> None:
    shared = load(qa=f'account_id = "{DEV}"')
    assert search(f'locals {{\n  a = "{DEV}"\n}}\n', project=shared) == []


def test_account_beside_the_pipeline_is_for_all() -> None:
    tools = '[environments.tools]\npipeline = false\naccount_id = "444444444444"\n'
    stack = '[stacks.own]\nroot = "own"\nenvironments = ["tools"]\n'
    assert search('locals {\n  a = "444444444444"\n}\n', project=load(STATE + tools + stack)) == []


def test_role_tells_the_account() -> None:
    role = load(qa='assume_role = "arn:aws:iam::222222222222:role/x"')
    (problem,) = search('locals {\n  a = "222222222222"\n}\n', project=role)
    assert problem.message == "the code of dev and prod names 222222222222: the account of qa"


FILES: dict[str, tuple[str, str, list[str]]] = {
    "a manifest": ("jobs/a.yaml", "data:\n  a: acme-states-dev\n", ["the code of qa and prod names acme-states-dev"]),
    "an overlay of that environment": ("overlays/dev/a.yaml", "a: acme-states-dev\n", []),
    "an overlay of another": ("overlays/qa/a.yaml", "a: acme-states-dev\n", ["the code of qa names acme-states-dev"]),
    "an overlay with a longer name": (
        "overlays/devil/a.yaml",
        "a: acme-states-dev\n",
        ["the code of qa and prod names acme-states-dev"],
    ),
    "a template": ("live/a.tftpl", "a=acme-states-dev\n", ["the code of qa and prod names acme-states-dev"]),
    "two documents": (
        "jobs/a.yaml",
        "a: acme-states-dev\n---\na: acme-states-prod\n",
        ["the code of qa and prod names acme-states-dev", "the code of dev and qa names acme-states-prod"],
    ),
    "code in JSON": (
        "live/a.tf.json",
        '{\n"locals": {\n"a": "acme-states-dev"}}',
        ["the code of qa and prod names acme-states-dev"],
    ),
    "a choice in JSON": ("live/a.json", '{"dev": "acme-states-dev", "prod": "acme-states-prod"}', []),
    "a backend in JSON": ("live/a.tf.json", '{"terraform": {"backend": {"s3": {"bucket": "acme-states-dev"}}}}', []),
    "a default in JSON": ("live/a.tf.json", '{"variable": {"a": {"default": "acme-states-dev"}}}', []),
    "broken JSON": ("live/a.tf.json", '{"locals": "acme-states-dev"', []),
    "a remote module": (f"{REMOTE_MODULES_FOLDER}/a/main.tf", BUCKET, []),
    "another file": ("live/README.md", "acme-states-dev\n", []),
}


@pytest.mark.parametrize(("path", "code", "found"), FILES.values(), ids=FILES.keys())
def test_files_are_searched(path: str, code: str, found: list[str]) -> None:
    assert [each.message.partition(":")[0] for each in search(code, path)] == found


def test_standalone_environment_has_code_of_its_own() -> None:
    project = load_project(
        f"{BASE % ('', '', '')}{STATE}[environments.box]\npipeline = false\n"
        '[stacks.own]\nroot = "own"\nenvironments = ["box"]\n'.encode()
    )
    assert search('locals {\n  a = "acme-states-box"\n}\n', "own/a.tf", project.view_for("box")) == []
    (problem,) = search(BUCKET, "own/a.tf", project.view_for("box"))
    assert problem.message.startswith("the code of box names acme-states-dev")


ALONE = """
[project]
name = "acme"
[pipeline]
order = ["dev"]
[environments.dev]
account_id = "111111111111"
[stacks.web]
root = "live"
"""


def test_single_environment_has_nothing_to_compare() -> None:
    assert search(f'locals {{\n  a = "{DEV}"\n}}\n', project=load_project(ALONE.encode())) == []


def give(value: object, *, sensitive: bool = False, origin: str = "file") -> list[Problem]:
    at = Location("environments/prod/terraform.tfvars", 3)
    setting = Setting("bucket", value, at, origin, sensitive, ("web",))  # type: ignore[arg-type]
    return list(find_in_settings(load(), EnvironmentSettings("prod", (setting,), {})))


def test_setting_of_another_environment_is_found() -> None:
    (problem,) = give({"of": ["acme-states-dev"]})
    assert str(problem.location) == "environments/prod/terraform.tfvars:3"
    assert problem.message == "bucket of prod names acme-states-dev: the bucket of the states of dev"
    meant = 'if that is meant, add reads = ["dev"] to [environments.prod]'
    assert problem.hint == f'write "acme-states-prod"; {meant}'


NO_FINDINGS = {
    "its own value": give("acme-states-prod"),
    "a choice": give({"dev": "acme-states-dev", "prod": "acme-states-prod"}),
    "a sensitive value": give("acme-states-dev", sensitive=True),
    "an artifact": give("acme-states-dev", origin="artifact"),
    "a number": give(7),
}


@pytest.mark.parametrize("found", NO_FINDINGS.values(), ids=NO_FINDINGS.keys())
def test_other_settings_are_no_findings(found: list[Problem]) -> None:
    assert found == []
