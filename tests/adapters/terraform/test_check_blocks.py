"""Check blocks on real Terraform: a failed one, and one without an answer, are told by a plan of their own."""

from collections.abc import Sequence

import pytest

from envctl.adapters.terraform.driver import TerraformDriver
from envctl.domain.errors import Location, OperationFailedError
from envctl.domain.plan.changes import Action
from envctl.usecases.ports.terraform import CheckBlock, NullRedactor, PreparedStack
from tests.adapters.terraform.conftest import STACK, Bench

pytestmark = pytest.mark.terraform

ONE = 'resource "terraform_data" "one" { input = "first" }\n'


def check(condition: str, message: str = "not as it should be", more: str = "") -> str:
    asserted = f'assert {{\n    condition = {condition}\n    error_message = "{message}"\n  }}'
    return f'check "health" {{\n  {more}\n  {asserted}\n}}\n'


def ask(bench: Bench, stack: PreparedStack) -> Sequence[CheckBlock]:
    return tuple(bench.driver.ask_check_blocks("dev", stack))


GONE = "Unable to find remote state: No stored state was found for the given workspace in the given backend."
PLACE = Location(f"modules/{STACK}/main.tf", 2)
SOURCE = """data "terraform_remote_state" "other" {
    backend = "local"
    config = { path = "/nowhere/it.tfstate" }
  }"""
BLOCKS: dict[str, tuple[str, CheckBlock]] = {
    "a condition that holds": (check('terraform_data.one.output == "first"'), CheckBlock("check.health", "pass")),
    "a condition that is false": (
        check('terraform_data.one.output == "other"'),
        CheckBlock("check.health", "fail", ("not as it should be",), PLACE),
    ),
    "a message with a value": (
        check("terraform_data.one.output == null", "it is ${terraform_data.one.output}"),
        CheckBlock("check.health", "fail", ("it is first",), PLACE),
    ),
    "a condition that no plan can tell": (
        check("terraform_data.one.output != timestamp()"),
        CheckBlock("check.health", "unknown", (), PLACE),
    ),
    "a data source that fails": (
        check("data.terraform_remote_state.other.outputs == null", more=SOURCE),
        CheckBlock("check.health", "fail", (GONE,), PLACE),
    ),
}


@pytest.mark.parametrize(("code", "told"), BLOCKS.values(), ids=BLOCKS.keys())
def test_result_of_block_is_told_after_apply(bench: Bench, code: str, told: CheckBlock) -> None:
    stack = bench.lay(ONE + code)
    bench.deploy(stack)
    assert ask(bench, stack) == (told,)
    assert not bench.plan(stack).changes
    assert ask(bench, stack) == (told,)
    bench.driver = bench.new_driver()
    assert ask(bench, stack) == (told,)


def test_block_of_a_root_is_told(bench: Bench) -> None:
    stack = bench.lay(ONE + check("terraform_data.one.output == null"), as_root=True)
    bench.deploy(stack)
    assert ask(bench, stack) == (CheckBlock("check.health", "fail", ("not as it should be",), PLACE),)


def test_block_in_json_is_told(bench: Bench) -> None:
    asserted = '{"condition": "${terraform_data.one.output == null}", "error_message": "not as it should be"}'
    block = f'{{"check": {{"health": {{"assert": {asserted}}}}}}}'
    stack = bench.lay_root("web", {"web/main.tf": ONE, "web/more.tf.json": block})
    bench.deploy(stack)
    assert ask(bench, stack) == (CheckBlock("check.health", "fail", ("not as it should be",)),)


def test_blocks_of_nested_modules_are_told(bench: Bench) -> None:
    calls = "".join(f'module "{name}" {{\n  source = "./part"\n  count = {n}\n}}\n' for name, n in COUNTS.items())
    stack = bench.lay_root(
        "web", {"web/main.tf": calls, "web/part/main.tf": check("terraform_data.one.output == null") + ONE}
    )
    bench.deploy(stack)
    place, text = Location("web/part/main.tf", 1), "not as it should be"
    assert {each.address: each for each in ask(bench, stack)} == {
        "module.two.check.health": CheckBlock("module.two.check.health", "fail", (text, text), place),
        "module.none.check.health": CheckBlock("module.none.check.health", "pass"),
    }


COUNTS = {"two": 2, "none": 0}


def test_block_fails_after_drift(bench: Bench) -> None:
    """It is asked about what is there, and nothing is changed for it."""
    file = bench.root / "page"
    file.write_text("up")
    stack = bench.lay(ONE + check(f'file("{file}") == "up" && terraform_data.one.output != null'))
    bench.deploy(stack)
    before = bench.state.read_bytes()
    assert [each.status for each in ask(bench, stack)] == ["pass"]
    file.write_text("down")
    assert [each.status for each in ask(bench, stack)] == ["fail"]
    assert bench.state.read_bytes() == before


def test_other_conditions_are_no_check_blocks(bench: Bench) -> None:
    asserted = 'condition = terraform_data.two.id != ""\n      error_message = "check {"'
    condition = f"lifecycle {{\n    precondition {{\n      {asserted}\n    }}\n  }}"
    one = f'resource "terraform_data" "one" {{\n  {condition}\n}}\n'
    stack = bench.lay(one + ONE.replace('"one"', '"two"'))
    bench.deploy(stack)
    assert ask(bench, stack) == ()


def test_code_without_blocks_is_not_planned(bench: Bench) -> None:
    stack = bench.lay(ONE)
    bench.deploy(stack)
    bench.heard.events.clear()
    assert ask(bench, stack) == ()
    assert bench.heard.phases() == []


def test_messages_are_redacted(bench: Bench) -> None:
    class Redacting(NullRedactor):
        def redact_message(self, text: str) -> str:
            return text.replace("planted-hunter2", "(sensitive)")

    home = bench.root / ".envctl"
    bench.driver = TerraformDriver(bench.root, home, lambda _: bench.inherited, bench.heard, secrecy=Redacting())
    stack = bench.lay(ONE + check("terraform_data.one.output == null", "the key is planted-hunter2"))
    bench.deploy(stack)
    assert ask(bench, stack)[0].messages == ("the key is (sensitive)",)


def test_stopped_apply_tells_what_it_finished(bench: Bench) -> None:
    command = 'provisioner "local-exec" { command = "exit 1" }'
    two = f'resource "terraform_data" "two" {{\n  depends_on = [terraform_data.one]\n  {command}\n}}\n'
    stack = bench.lay(ONE + two)
    bench.plan(stack)
    done = list[tuple[str, Action]]()
    with pytest.raises(OperationFailedError, match="E305"):
        bench.driver.apply("dev", stack, lambda address, action: done.append((address, action)))
    assert done == [("terraform_data.one", Action.CREATE)]


def test_halves_of_replacement_are_told(bench: Bench) -> None:
    def code(value: str) -> str:
        return f'resource "terraform_data" "one" {{ triggers_replace = "{value}" }}\n'

    bench.deploy(bench.lay(code("a")))
    stack = bench.lay(code("b"))
    assert [each.action for each in bench.plan(stack).resources] == [Action.REPLACE]
    done = list[tuple[str, Action]]()
    bench.driver.apply("dev", stack, lambda address, action: done.append((address, action)))
    assert done == [("terraform_data.one", Action.DELETE), ("terraform_data.one", Action.CREATE)]
