"""A Terraform that is wrapped adds flags of its own to what envctl asks for: each is noticed, or changes nothing."""

import contextlib
import io
import re
import shlex
import subprocess
import zipfile
from dataclasses import replace

import pytest

from envctl.adapters.terraform.plans.plan_origin import (
    DESTROY,
    ORDINARY,
    REFRESH_ONLY,
    PlanRequest,
    SavedPlan,
    check_origin,
    check_state_covered,
    read_saved,
)
from envctl.adapters.terraform.process.binary import find_embedded
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench
from tests.adapters.terraform.test_driver import PASSWORD

CODE = """
variable "size" {
  type    = number
  default = 1
}

variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "one" {
  input = var.size
}

resource "terraform_data" "two" {
  input = sha256(var.password)
}
"""
ONE = "module.web.terraform_data.one"
REFUSED = {
    "destroy": "-destroy",
    "refresh-only": "-refresh-only",
    "refresh": "-refresh=false",
    "target": f"-target={ONE}",
    "var": "-var=password=hunter2hunter2",
    "var-file": "-var-file=other.tfvars",
    "out": "-out=elsewhere.tfplan",
    "state": "-state=elsewhere.tfstate",
}
CHANGES_NOTHING = {
    "compact-warnings": "-compact-warnings",
    "generate-config-out": "-generate-config-out=generated.tf",
    "input": "-input=true",
    "lock-timeout": "-lock-timeout=1s",
    "no-color": "-no-color",
    "parallelism": "-parallelism=1",
    # Where something changes it is refused: below.
    "replace": "-replace=module.web.terraform_data.three",
    # With changes Terraform ends with 2, which is an error.
    "detailed-exitcode": "-detailed-exitcode",
}
NOT_NOTICED = {"lock": "nothing that Terraform says or saves tells of a lock"}
WRAPPER = """#!/bin/sh
command="$1"; shift
[ "$command" = "{command}" ] && exec {real} "$command" {flag} "$@" {last}
exec {real} "$command" "$@"
"""


def wrapped(bench: Bench, stack: PreparedStack, flag: str, *, command: str = "plan") -> PreparedStack:
    """The same stack with a Terraform that adds that flag. The last of two flags counts."""
    wrapper = bench.root / "wrapper"
    last = shlex.quote(flag) if flag.startswith("-out") else ""
    real = shlex.join(find_embedded())
    wrapper.write_text(WRAPPER.format(command=command, real=real, flag=shlex.quote(flag), last=last))
    wrapper.chmod(0o755)
    return replace(stack, binary=str(wrapper))


@pytest.fixture
def applied(bench: Bench) -> PreparedStack:
    stack = bench.lay(CODE, variables=(PASSWORD,), arguments={"password": "correct horse battery"})
    bench.deploy(stack)
    (bench.directory / "other.tfvars").write_text('password = "hunter2hunter2"\n')
    return stack


def codes(error: OperationFailedError) -> list[str]:
    return [problem.code for problem in error.problems]


@pytest.mark.terraform
def test_every_flag_of_plan_is_classified() -> None:
    ran = subprocess.run([*find_embedded(), "plan", "-help"], capture_output=True, text=True, check=True, timeout=60)
    flags = set(re.findall(r"^  -([a-z-]+)", ran.stdout, re.MULTILINE))
    assert flags == {*REFUSED, *CHANGES_NOTHING, *NOT_NOTICED}


@pytest.mark.terraform
def test_changing_flag_is_refused(bench: Bench, applied: PreparedStack) -> None:
    for flag in REFUSED.values():
        with pytest.raises(OperationFailedError) as error:
            bench.driver.plan("dev", wrapped(bench, applied, flag))
        assert codes(error.value) == ["E370" if flag.startswith("-out") else "E369"], flag
        assert flag.partition("=")[0] in error.value.problems[0].message
        assert "hunter2" not in str(error.value.problems)


# By day one that Terraform saves, and one that writes a file.
@pytest.mark.terraform
@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(("replace", "generate-config-out"), id="some"),
        pytest.param(tuple(CHANGES_NOTHING), id="all", marks=pytest.mark.night),
    ],
)
def test_harmless_flag_passes(bench: Bench, applied: PreparedStack, flags: tuple[str, ...]) -> None:
    for flag in map(CHANGES_NOTHING.__getitem__, flags):
        assert not bench.driver.plan("dev", wrapped(bench, applied, flag)).changes, flag
        assert not list(bench.directory.glob("generated*"))


@pytest.mark.terraform
def test_changing_flag_is_refused_with_empty_state(bench: Bench) -> None:
    stack = bench.lay('resource "terraform_data" "one" {}')
    bench.driver.init("dev", stack, None)
    for flag in ("-destroy", "-refresh-only", f"-target={ONE}"):
        with pytest.raises(OperationFailedError) as error:
            bench.driver.plan("dev", wrapped(bench, stack, flag))
        assert codes(error.value) == ["E369"]


@pytest.mark.terraform
def test_unrequested_replacement_is_refused(bench: Bench, applied: PreparedStack) -> None:
    with pytest.raises(OperationFailedError) as error:
        bench.driver.plan("dev", wrapped(bench, applied, f"-replace={ONE}"))
    assert (codes(error.value), f"-replace={ONE}" in error.value.problems[0].message) == (["E369"], True)


@pytest.mark.terraform
def test_destroy_plan_with_other_flag_is_refused(bench: Bench, applied: PreparedStack) -> None:
    for flag in ("-destroy=false", "-refresh=false", f"-target={ONE}"):
        wrapper = wrapped(bench, applied, flag)
        text = (bench.root / "wrapper").read_text().replace('"$@" \n', f'"$@" {flag}\n', 1)
        (bench.root / "wrapper").write_text(text)
        with pytest.raises(OperationFailedError) as error:
            bench.driver.plan("dev", wrapper, destroy=True)
        assert codes(error.value)[0] in {"E350", "E369"}, flag
    assert len(bench.driver.plan("dev", applied, destroy=True).resources) == 2


@pytest.mark.terraform
def test_drift_check_with_other_flag_is_refused(bench: Bench, applied: PreparedStack) -> None:
    for flag in ("-refresh=false", f"-target={ONE}", "-destroy"):
        with pytest.raises(OperationFailedError) as error:
            bench.driver.detect_drift("dev", wrapped(bench, applied, flag), unchanged=True)
        assert codes(error.value) == ["E369"]


@pytest.mark.terraform
def test_apply_with_other_state_flag_is_refused(bench: Bench) -> None:
    stack = bench.lay('resource "terraform_data" "one" {}')
    bench.plan(stack)
    with pytest.raises(OperationFailedError) as error:
        bench.driver.apply("dev", wrapped(bench, stack, "-state=elsewhere.tfstate", command="apply"))
    assert codes(error.value) == ["E369"]


@pytest.mark.terraform
@pytest.mark.parametrize(
    "code",
    [
        "removed {\n  from = terraform_data.one\n  lifecycle {\n    destroy = false\n  }\n}\n",
        'resource "terraform_data" "two" {}\nmoved {\n  from = terraform_data.one\n  to = terraform_data.two\n}\n',
        pytest.param("", marks=pytest.mark.night),
        'resource "terraform_data" "one" {\n  count = 0\n}\n',
        pytest.param('resource "terraform_data" "one" {\n  count = 2\n}\n', marks=pytest.mark.night),
    ],
    ids=["forgotten", "moved", "deleted", "none left", "counted"],
)
def test_ordinary_plan_passes(code: str, bench: Bench) -> None:
    bench.deploy(bench.lay('resource "terraform_data" "one" {}'))
    bench.deploy(bench.lay(code))
    assert not bench.plan(bench.lay(code)).changes


@pytest.mark.terraform
def test_plan_of_another_format_is_read_as_document(
    bench: Bench, applied: PreparedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envctl.adapters.terraform.plans.plan_origin.read_saved", lambda *_, **__: None)
    assert not bench.driver.plan("dev", applied).changes
    for flag in ("-refresh-only", f"-target={ONE}"):
        with pytest.raises(OperationFailedError) as error:
            bench.driver.plan("dev", wrapped(bench, applied, flag))
        assert codes(error.value)[0] in {"E350", "E369"}


def archive(tfplan: bytes, state: bytes = b"{}", *, refreshed: bytes = b"{}") -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("tfplan", tfplan)
        made.writestr("tfstate-prev", state)
        made.writestr("tfstate", refreshed)
    return file


VERSION = b"\x08\x03"


def text(number: int, value: bytes) -> bytes:
    key = number << 3 | 2
    return bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7]) + bytes([len(value)]) + value


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (VERSION, SavedPlan(ORDINARY)),
        (VERSION + b"\x88\x01\x01", SavedPlan(DESTROY)),
        (VERSION + b"\x88\x01\x02", SavedPlan(REFRESH_ONLY)),
        (VERSION + b"\x88\x01\x07", SavedPlan("7")),
        (VERSION + b"\x2a\x01a\x2a\x01b", SavedPlan(ORDINARY, {"-target": ("a", "b")})),
        (VERSION + b"\x32\x01a", SavedPlan(ORDINARY, {"-exclude": ("a",)})),
        (VERSION + b"\x82\x01\x01a", SavedPlan(ORDINARY, {"-replace": ("a",)})),
        # Later fields, of each kind of the wire format.
        (VERSION + b"\xf8\x07\x01\xf9\x07" + 8 * b"x" + b"\xfa\x07\x01a\xfd\x07" + 4 * b"x", SavedPlan(ORDINARY)),
        # Another version of the form, and what is no message.
        (b"\x08\x04", None),
        (b"", None),
        (VERSION + b"\x2a\x7f", None),
        (VERSION + b"\x2b", None),
        (VERSION + b"\xff\xff", None),
        (VERSION + b"\x2a\x01\xff", None),
    ],
)
def test_saved_plan_fields_are_parsed(message: bytes, expected: SavedPlan | None) -> None:
    assert read_saved(archive(message), with_state=True) == expected


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b'{"meta": "encrypted by OpenTofu"}', b"PK\x05\x06" + 18 * b"\0"]
)
def test_invalid_plan_file_is_read_as_none(content: bytes) -> None:
    assert read_saved(io.BytesIO(content), with_state=True) is None


def test_managed_resources_are_read_on_request() -> None:
    held = b'{"resources": [{"mode": "data", "instances": [{}]}, {"mode": "managed", "instances": [{}]}]}'
    for state, expected in ((held, True), (held.replace(b"managed", b"data"), False), (b"{}", False)):
        saved = read_saved(archive(VERSION, state), with_state=True)
        assert saved is not None
        assert saved.managed == expected
    assert read_saved(archive(VERSION, b"no document"), with_state=False) == SavedPlan(ORDINARY)


def test_stateless_plan_is_recognized_by_its_lineage() -> None:
    for lineage, expected in ((b"", True), (b"6d3f", False)):
        saved = read_saved(archive(VERSION, refreshed=b'{"version": 4, "lineage": "%s"}' % lineage), with_state=False)
        assert saved is not None
        assert saved.stateless == expected


@pytest.mark.parametrize(
    ("given", "saved", "passes"),
    [
        ("no", "no", True),
        ("no", "yes", False),
        # Of type `any` what is given is an expression.
        ('"no"', "no", True),
        ('"$${a} %%{b} \\"c\\" \\u0008"', '${a} %{b} "c" \b', True),
        ('"no"', "yes", False),
        # Terraform composes what stands for one character.
        ("e\u0301", "\xe9", True),
        ('"e\u0301"', "\xe9", True),
        ("e", "\xe9", False),
        # What envctl gives in no environment variable has its value in a file of the module.
        (None, "no", True),
    ],
)
def test_variable_must_have_the_given_value(given: str | None, saved: str, *, passes: bool) -> None:
    asked = PlanRequest(ORDINARY, refresh=True, variables={} if given is None else {"a": given})
    with contextlib.nullcontext() if passes else pytest.raises(OperationFailedError, match="another value of a "):
        check_origin("web", SavedPlan(ORDINARY, variables={"a": saved}), asked, refreshed=True)


def test_plan_document_must_cover_the_state() -> None:
    held = {"prior_state": {"values": {"root_module": {"resources": [{"address": "a.b", "mode": "managed"}]}}}}
    ordinary = PlanRequest(ORDINARY, refresh=True, variables={})
    check_state_covered("web", {**held, "resource_changes": [{"address": "a.b"}]}, ordinary)
    check_state_covered("web", {**held, "resource_changes": [{"address": "a.c", "previous_address": "a.b"}]}, ordinary)
    check_state_covered("web", held, PlanRequest(REFRESH_ONLY, refresh=True, variables={}))
    check_state_covered("web", {}, ordinary)
    with pytest.raises(OperationFailedError):
        check_state_covered("web", held, ordinary)
