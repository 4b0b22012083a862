"""A new project with its store on AWS: each template is then a project whose ledger is signed."""

from dataclasses import dataclass

import pytest

from envctl.adapters.local.templates import PackagedTemplates
from envctl.adapters.toml import load_project
from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.config.project import Project
from envctl.domain.config.sandbox import to_sandbox_project
from envctl.domain.config.signing_keys import build_key_arn
from envctl.domain.errors import UsageError
from envctl.domain.rules.document import find_rules
from envctl.domain.scaffold.templates import TEMPLATES
from envctl.usecases.project.init import Choices, InitResult, init_project
from tests.catching import catch
from tests.fakes.world import World

STORE = "s3://acme-envctl-store/shop"


@dataclass
class Made:
    result: InitResult
    text: str

    @property
    def project(self) -> Project:
        return load_project(self.text.encode())


def make(template: str, store: str = "", store_account: str = "") -> Made:
    world = World(templates=PackagedTemplates(), config_reader=ProjectFileReader(sandbox=False))  # type: ignore[arg-type]
    result = init_project(world.ports, "blog", Choices(template, store=store, store_account=store_account))
    return Made(result, world.project_folder.laid["blog"]["envctl.toml"].data.decode())


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_with_a_store_on_aws_is_signed(template: str) -> None:
    made = make(template, store=STORE, store_account="999900001111")
    project = made.project
    assert (project.store.url, project.store.account_id) == (STORE, "999900001111")
    order = project.order.order
    for name in order:
        there = project.environments[name]
        assert there.signing_key == f"alias/envctl-{name}"
        assert bool(there.look_signing_key) == bool(there.look_role)
        assert bool(there.approval_signing_key) == bool(find_rules(project, name).approvals)
        assert project.requires_signatures(name)
    assert project.environments[order[-1]].signatures == "required"
    assert ":999900001111:alias/envctl-approve-prod" in build_key_arn(project, "prod", "people")
    assert made.result.on_aws == ("envctl bootstrap", "envctl ledger keys --create", "envctl validate")
    assert made.result.note == ""


@pytest.mark.parametrize("template", TEMPLATES)
def test_sandbox_signs_and_requires_nothing(template: str) -> None:
    project = to_sandbox_project(make(template, store=STORE, store_account="999900001111").project)
    assert not any(each.signing_key or each.signatures for each in project.environments.values())


@pytest.mark.parametrize("account", ["", "333333333333"], ids=["an unknown account", "the account of prod"])
def test_store_beside_an_environment_requires_no_signatures(account: str) -> None:
    made = make("web", store=STORE, store_account=account)
    there = made.project.environments["prod"]
    assert (there.signing_key, there.approval_signing_key, there.signatures) == ("alias/envctl-prod", None, None)
    assert made.result.note.startswith("approvals rest on the deployer: the store is in an")


@pytest.mark.parametrize("template", TEMPLATES)
def test_template_without_a_store_on_aws_stays(template: str) -> None:
    made = make(template)
    assert "signing_key" not in made.text
    assert 'url = "file://.envctl/store"' in made.text
    assert made.result.on_aws == ()


BAD: dict[str, tuple[dict[str, str], str]] = {
    "a folder": ({"store": "file://store"}, "E066"),
    "a bucket that no bucket is called": ({"store": "s3://A_B/x"}, "E066"),
    "quotes": ({"store": 's3://bucket/x"\nurl = "y'}, "E066"),
    "an account without a store": ({"store_account": "123456789012"}, "E066"),
    "an account of 3 digits": ({"store": STORE, "store_account": "123"}, "E023"),
}


@pytest.mark.parametrize(("choices", "code"), BAD.values(), ids=BAD.keys())
def test_bad_store_is_refused(choices: dict[str, str], code: str) -> None:
    (problem,) = catch(UsageError, lambda: make("web", **choices)).problems
    assert problem.code == code
    assert problem.hint
