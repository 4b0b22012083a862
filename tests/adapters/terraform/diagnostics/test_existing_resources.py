"""What exists already: told by AWS's own codes, as botocore's models of its services list them."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest

from envctl.adapters.terraform.diagnostics.existing_resources import find_existing, suggest_import
from envctl.adapters.terraform.diagnostics.failures import to_terraform_error
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange
from envctl.domain.plan.import_ids import ALREADY_EXISTS, ID_FORM_BY_TYPE, find_import_id
from envctl.usecases.ports.terraform import PreparedStack

SCHEMAS = Path(__file__).parents[3] / "modules/aws6/schema-6.25.0.json"
MODELS = Path(botocore.__file__).parent / "data"
MAKES = re.compile(r"(Create|Put|Register|Import|Allocate)[A-Z]")
# Codes of calls that make something, which say that the very name is there. Those of tags, of requests that are sent
# twice, and of what is in use by something else say another thing.
SAYS_SO = re.compile(
    r"AlreadyExists?(Exception|Fault)?$|AlreadyOwnedByYou$|[a-z]ExistsException$|^Duplicate[A-Z]\w*Name\w*$"
)
NOT_SO = re.compile(r"Tag|Policies|NotExist|TooMany|Request|Operation|Limit")


def models() -> Iterator[dict[str, Any]]:
    for service in sorted(each for each in MODELS.iterdir() if each.is_dir()):
        newest = max(service.iterdir())
        for file in newest.glob("service-2.json*"):
            yield json.loads(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes())


def codes() -> set[str]:
    found = set()
    for model in models():
        for name, operation in model["operations"].items():
            for error in operation.get("errors", ()) if MAKES.match(name) else ():
                shape = model["shapes"][error["shape"]]
                found.add(shape.get("error", {}).get("code") or error["shape"])
    return found


def change(type_: str = "aws_ssm_parameter", address: str = "", **attributes: object) -> ResourceChange:
    known = tuple(AttributeChange(name, None, value) for name, value in attributes.items())
    return ResourceChange(address=address or f"{type_}.this", type=type_, action=Action.CREATE, attributes=known)


def said(text: str, address: str = "module.web.aws_ssm_parameter.this") -> Diagnostic:
    return Diagnostic(severity="error", summary=text, detail="", address=address)


def test_every_already_exists_code_of_aws_is_known() -> None:
    wanted = {code for code in codes() if SAYS_SO.search(code) and not NOT_SO.search(code)}
    assert len(wanted) > 100
    unknown = {code for code in wanted if find_existing(said(f"{code}: no"), [change()], PreparedStack("web")) is None}
    assert unknown == set()


@pytest.mark.parametrize(
    "text",
    [
        "ParameterAlreadyExists: The parameter already exists.",
        "ResourceInUseException: Table already exists: x",
        "ResourceConflictException: Function already exist: x",
        "InvalidGroup.Duplicate: The security group 'x' already exists for VPC",
        "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded",
        "EntityAlreadyExists: Role with name x already exists.",
        "DuplicateLoadBalancerName: no",
        'A resource with the ID "/subscriptions/x" already exists',
        "googleapi: Error 409: Already Exists: Bucket x",
    ],
)
def test_already_exists_message_is_recognized(text: str) -> None:
    assert find_existing(said(text), [change()], PreparedStack("web")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "ConflictException: another operation is in progress",
        "ResourceInUseException: Stream is being updated",
        "DuplicateTagKeys: a tag is there twice",
        "ResourceNotFoundException: it does not exist",
        "ThrottlingException: Rate exceeded",
    ],
)
def test_other_conflict_is_ignored(text: str) -> None:
    assert find_existing(said(text), [change()], PreparedStack("web")) is None


def test_unknown_import_id_becomes_a_placeholder() -> None:
    told = suggest_import(change("aws_secretsmanager_secret", name="shop/db"), PreparedStack("web"), "dev")
    assert "--import web:aws_secretsmanager_secret.this=ID (ID: envctl exec dev -- aws secretsmanager" in told
    assert "--secret-id shop/db " in told
    assert "provider's page of aws_thing" in suggest_import(change("aws_thing"), PreparedStack("web"), "dev")


def test_existing_resource_matters_only_for_creation() -> None:
    replaced = ResourceChange(address="aws_ssm_parameter.this", type="aws_ssm_parameter", action=Action.REPLACE)
    assert find_existing(said("already exists"), [replaced], PreparedStack("web")) is None
    assert find_existing(said("already exists", "module.web.aws_other.this"), [change()], PreparedStack("web")) is None


def test_import_hint_is_quoted_for_the_shell() -> None:
    planned = change(address='aws_ssm_parameter.this["a b"]', name="/app/a b", value=Marker.SENSITIVE)
    transcript = Transcript(diagnostics=[said("ParameterAlreadyExists: x", 'module.web.aws_ssm_parameter.this["a b"]')])
    transcript.planned_changes = (planned,)
    error = to_terraform_error(
        ProcessResult(code=1, errors="", interrupted=False),
        transcript,
        Site("dev", PreparedStack("web"), Path("/w")),
        "apply",
    )
    (problem,) = error.problems
    assert problem.code == ALREADY_EXISTS
    assert """envctl recover dev --import 'web:aws_ssm_parameter.this["a b"]=/app/a b'; then""" in problem.hint
    assert "(sensitive)" not in problem.hint


@pytest.mark.parametrize("value", [Marker.SENSITIVE, Marker.UNKNOWN, None, ""])
def test_sensitive_or_unknown_import_id_is_omitted(value: object) -> None:
    assert find_import_id(change(name=value)) == ""
    assert find_import_id(change("aws_lambda_alias", function_name="f", name=value)) == ""


def test_import_id_of_several_parts_is_joined() -> None:
    assert find_import_id(change("aws_lambda_alias", function_name="f", name="live")) == "f/live"
    assert find_import_id(change("aws_eks_addon", cluster_name="c", addon_name="vpc-cni")) == "c:vpc-cni"


def schemas() -> dict[str, Any]:
    providers = json.loads(SCHEMAS.read_text())["provider_schemas"]
    found: dict[str, Any] = next(iter(providers.values()))["resource_schemas"]
    return found


def test_import_id_forms_use_known_attributes() -> None:
    """As far as the schemas at hand hold the type: those that the modules use."""
    known = schemas()
    looked = [type_ for type_ in ID_FORM_BY_TYPE if type_ in known]
    for type_ in looked:
        names = re.findall(r"\{(\w+)\}", ID_FORM_BY_TYPE[type_]) or [ID_FORM_BY_TYPE[type_]]
        assert set(names) <= set(known[type_]["block"]["attributes"]), type_
    assert len(looked) > 10
