"""Words of the meaning of a code."""

from envctl.usecases.inspect.explain import Explanation


def format_exit_codes(explanation: Explanation) -> str:
    return f"exit code {' or '.join(map(str, explanation.exit_codes))}"
