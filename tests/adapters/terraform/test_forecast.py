"""Forecasts by real Terraform: outputs of stacks that are not applied are unknown, and all else is visible."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from envctl.domain.errors import Location, OperationFailedError
from envctl.domain.plan.changes import Action, Marker, StackPlan
from envctl.domain.plan.forecasts import ForecastOutputs
from envctl.domain.release.bundle import File
from envctl.domain.release.place.backend import list_reads
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.variables import Variable
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import STACK, Bench
from tests.catching import catch

pytestmark = pytest.mark.terraform

UNKNOWN = Marker.UNKNOWN
TYPES = {
    "vpc": "string",
    "subnets": "list(string)",
    "zones": "map(object({ id = string, cidr = string }))",
    "port": "number",
}
VARIABLES = """
variable "vpc" {
  type = string
  validation {
    condition     = startswith(var.vpc, "vpc-")
    error_message = "Not a VPC."
  }
}

variable "subnets" {
  type = list(string)
}

variable "zones" {
  type = map(object({ id = string, cidr = string }))
}

variable "port" {
  type = number
}
"""
CODE = f"""{VARIABLES}
module "inner" {{
  source = "./inner"
  vpc    = var.vpc
}}

resource "terraform_data" "open" {{
  count = var.vpc != null ? 1 : 0
  input = {{ cidr = "0.0.0.0/0", vpc = var.vpc, port = var.port }}
}}

resource "terraform_data" "subnet" {{
  count = length(var.subnets)
  input = var.subnets[count.index]
}}

resource "terraform_data" "zone" {{
  for_each = var.zones
  input    = each.value
}}

output "named" {{
  value = {{ open = "0.0.0.0/0", vpc = var.vpc }}
}}
"""
INNER = 'variable "vpc" {}\nresource "terraform_data" "inner" { input = "${var.vpc}/inner" }\n'
OUTPUTS: ForecastOutputs = {
    "network": {
        "subnets": [UNKNOWN, UNKNOWN, UNKNOWN],
        "zones": {"a": {"id": UNKNOWN, "cidr": "10.0.1.0/24"}, "b": {"id": UNKNOWN, "cidr": "10.0.2.0/24"}},
    }
}


def declare(name: str, type_text: str) -> Variable:
    return Variable(
        name=name,
        type_text=type_text,
        has_default=False,
        default=None,
        nullable=True,
        sensitive=False,
        description="",
        location=Location("main.tf", 1),
    )


def lay_module(bench: Bench, code: str = CODE) -> PreparedStack:
    """Lay out a stack around a module that takes all its variables from `network`, which is not applied."""
    wired = StackWiring(module="modules/web", inputs={name: f"network.{name}" for name in TYPES})
    wiring = Wiring(
        project="shop",
        terraform=">= 1.10",
        stacks={"network": StackWiring(module="modules/network"), STACK: wired},
        artifacts={},
        schema={STACK: tuple(declare(name, type_text) for name, type_text in TYPES.items())},
        outputs={STACK: {"named": False}},
        providers={},
    )
    rendered = render_root_module(wiring, STACK, bench.place, {})
    files = {"modules/web/main.tf": File(code.encode()), "modules/web/inner/main.tf": File(INNER.encode())}
    bench.workspace.write_code("dev", files)
    bench.workspace.write_stack("dev", STACK, rendered.encode())
    return PreparedStack(STACK, upstream=("network",), reads=list_reads(wiring, STACK, bench.place.backend))


def lay_root(bench: Bench, code: str = CODE) -> PreparedStack:
    """Lay out the same code as a root module that runs as it is."""
    backend = 'terraform {\n  backend "s3" {\n    bucket = "elsewhere"\n  }\n}\n'
    files = {"stacks/web/main.tf": backend + code, "stacks/web/inner/main.tf": INNER}
    inputs = tuple(
        StackInput(variable=name, type_text=type_text, stack="network", root="", workspace="", output=name)
        for name, type_text in TYPES.items()
    )
    return replace(bench.lay_root("stacks/web", files), upstream=("network",), inputs=inputs)


LAYOUTS = {"a module": lay_module, "a root module as it is": lay_root}


@pytest.fixture(params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def forecast(bench: Bench, stack: PreparedStack, outputs: ForecastOutputs = OUTPUTS) -> StackPlan:
    bench.driver.init("dev", stack, None)
    return bench.driver.forecast("dev", stack, outputs)


def find_values(plan: StackPlan, address: str) -> dict[str, object]:
    (resource,) = (each for each in plan.resources if each.address == address)
    return {each.path: each.after for each in resource.attributes}


def test_known_values_are_visible(layout: str, bench: Bench) -> None:
    plan = forecast(bench, LAYOUTS[layout](bench))
    assert {each.action for each in plan.resources} == {Action.CREATE}
    assert find_values(plan, "terraform_data.open[0]")["input.cidr"] == "0.0.0.0/0"
    assert find_values(plan, "terraform_data.open[0]")["input.vpc"] is UNKNOWN
    assert find_values(plan, 'terraform_data.zone["b"]')["input.cidr"] == "10.0.2.0/24"


def test_forecast_has_exactly_the_resources_of_the_stack(layout: str, bench: Bench) -> None:
    addresses = [each.address for each in forecast(bench, LAYOUTS[layout](bench)).resources]
    assert sorted(addresses) == [
        "module.inner.terraform_data.inner",
        "terraform_data.open[0]",
        "terraform_data.subnet[0]",
        "terraform_data.subnet[1]",
        "terraform_data.subnet[2]",
        'terraform_data.zone["a"]',
        'terraform_data.zone["b"]',
    ]


def test_outputs_are_known_as_far_as_they_are(bench: Bench) -> None:
    (output,) = forecast(bench, lay_module(bench)).outputs
    assert (output.name, output.after) == ("named", {"open": "0.0.0.0/0", "vpc": UNKNOWN})


def test_count_over_unknown_list_has_terraforms_error(layout: str, bench: Bench) -> None:
    outputs = {"network": {**OUTPUTS["network"], "subnets": UNKNOWN}}
    stack = LAYOUTS[layout](bench)
    bench.driver.init("dev", stack, None)
    (problem,) = catch(OperationFailedError, bench.driver.forecast, "dev", stack, outputs).problems
    assert problem.message.startswith("web: Invalid count argument")


def test_known_value_meets_its_condition(layout: str, bench: Bench) -> None:
    stack = LAYOUTS[layout](bench)
    bench.driver.init("dev", stack, None)
    outputs = {"network": {**OUTPUTS["network"], "vpc": "subnet-1"}}
    (problem,) = catch(OperationFailedError, bench.driver.forecast, "dev", stack, outputs).problems
    assert "Not a VPC." in problem.message


def test_sensitive_output_is_never_shown(layout: str, bench: Bench) -> None:
    outputs = {"network": {**OUTPUTS["network"], "vpc": Marker.SENSITIVE}}
    plan = forecast(bench, LAYOUTS[layout](bench), outputs)
    assert find_values(plan, "terraform_data.open[0]")["input.vpc"] is UNKNOWN


def test_forecast_leaves_no_trace(layout: str, bench: Bench) -> None:
    stack = LAYOUTS[layout](bench)
    bench.driver.init("dev", stack, None)
    before = list_files(bench)
    bench.driver.forecast("dev", stack, OUTPUTS)
    assert list_files(bench) == before
    assert not bench.state.exists()


def test_forecast_of_stack_with_resources_ignores_its_state(bench: Bench) -> None:
    stack = bench.lay('resource "terraform_data" "this" { input = "one" }')
    bench.deploy(stack)
    state = bench.state.read_bytes()
    plan = bench.driver.forecast("dev", stack, {})
    assert [each.action for each in plan.resources] == [Action.CREATE]
    assert bench.state.read_bytes() == state


def test_secret_setting_reaches_root_as_it_is(bench: Bench) -> None:
    variable, count = 'variable "key" {\n  type = string\n}\n', "length(nonsensitive(var.key))"
    code = f'{variable}resource "terraform_data" "this" {{\n  count = {count}\n}}\n'
    stack = replace(bench.lay_root("stacks/web", {"stacks/web/main.tf": code}), secrets={"key": "ab"})
    assert len(forecast(bench, stack, {}).resources) == 2


def test_workspace_has_its_name(bench: Bench) -> None:
    code = 'resource "terraform_data" "this" {\n  input = terraform.workspace\n}\n'
    stack = bench.lay_root("stacks/web", {"stacks/web/main.tf": code})
    bench.driver.init("dev", stack, None)
    plan = bench.driver.forecast("dev", replace(stack, workspace="prod"), {})
    assert find_values(plan, "terraform_data.this")["input"] == "prod"


def list_files(bench: Bench) -> Mapping[str, int]:
    # What the scheduler measures, and locks, are no traces.
    kept = (path for path in bench.work.rglob("*") if path.is_file() and path.name != ".running")
    return {path.relative_to(bench.work).as_posix(): len(path.read_bytes()) for path in kept}


def test_temporary_root_has_no_backend(bench: Bench) -> None:
    stack = lay_module(bench)
    bench.driver.init("dev", stack, None)
    written = list[str]()
    bench.heard.reacts = lambda event: written.extend(
        path.read_text() for path in bench.work.glob("dev/.forecast-*/main.tf.json") if event.phase == "plan"
    )
    bench.driver.forecast("dev", stack, OUTPUTS)
    (document,) = map(json.loads, written)
    assert "backend" not in document["terraform"]
    assert "data" not in document


def test_root_that_reads_missing_state_says_why(bench: Bench) -> None:
    data = 'data "terraform_remote_state" "of" {\n  backend = "local"\n  config  = { path = "missing.tfstate" }\n}\n'
    stack = bench.lay_root("stacks/web", {"stacks/web/main.tf": data})
    bench.driver.init("dev", stack, None)
    (problem,) = catch(OperationFailedError, bench.driver.forecast, "dev", stack, {}).problems
    assert problem.message.startswith("web: Unable to find remote state")
