"""The first apply of several stacks at a terminal: real Terraform with its built-in provider."""

import pytest

from tests.e2e.conftest import Project
from tests.e2e.terminal import type_answers

pytestmark = pytest.mark.terraform

QUESTION = 'Type "all" or "each"; anything else stops: '


def test_first_apply_of_two_stacks_asks_once(small: Project) -> None:
    code, shown = type_answers(small, [(QUESTION, "all\n")], "apply", "dev")
    assert code == 0, shown
    assert shown.count("Apply these changes to dev?") == 1
    assert "top: only creates, as answered" in shown


@pytest.mark.night
def test_answer_each_asks_for_the_second_stack(small: Project) -> None:
    answers = [(QUESTION, "each\n"), ('Type "yes" to confirm: ', "no\n")]
    code, shown = type_answers(small, answers, "apply", "dev")
    assert (code, "cancelled: before stack top" in shown) == (130, True), shown
