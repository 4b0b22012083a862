"""Lists in sentences."""

import pytest

from envctl.domain.text.lists import join_first

CASES = {
    "nothing": ([], 0, ""),
    "as many as are shown": (["a", "b"], 0, "a, b"),
    "one more than is shown": (["a", "b", "c"], 0, "a, b and 1 more"),
    "some have no name here": (["a", "b"], 5, "a, b and 3 more"),
    "fewer are shown than have a name": (["a", "b", "c"], 5, "a, b and 3 more"),
    "none of them has a name here": ([], 2, "2 more"),
}


@pytest.mark.parametrize(("names", "total", "told"), CASES.values(), ids=CASES.keys())
def test_list_is_limited_to_two(names: list[str], total: int, told: str) -> None:
    assert join_first(names, 2, total) == told
