"""What cel-go checks of literals: recorded answers of a kube-apiserver 1.36."""

import pytest

from kube_api_emulator.server.rules.literal_checks import find_literal_problems


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("'%s'.format(['a']) == 'a'", []),
        ("'%s %d'.format(['a']) == ''", [(14, "index 1 out of range")]),
        (
            "'%d'.format(['a']) == ''",
            [(13, "error during formatting: decimal clause can only be used on integers, was given string")],
        ),
        ("'a'.format(['b']) == ''", [(10, "too many arguments supplied to string.format (expected 0, got 1)")]),
        ("'%z'.format([1]) == ''", [(11, 'could not parse formatting clause: unrecognized formatting clause "z"')]),
        ("'%b %x %X %o %e'.format([1,2,3,4,5.0]) == ''", []),
        ("'%%'.format([]) == '%'", []),
        ("'%s %d'.format(['a', 1]) == ''", []),
    ],
)
def test_arguments_of_format_fit_its_clauses(text: str, problems: list[tuple[int, str]]) -> None:
    assert find_literal_problems(text, is_policy=True) == problems


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[1,'a'].size() == 2", [(3, "expected type 'int' but found 'string'")]),
        ("[object.metadata.name, 1].size() > 0", [(23, "expected type 'dyn' but found 'int'")]),
        ("{'a':1,'b':'c'}.size() == 2", [(11, "expected type 'int' but found 'string'")]),
        ("['a', null].size() == 2", [(6, "expected type 'string' but found 'null'")]),
        ("object.x[1] == 'a' && [1, 2].size() == 2", []),
        ("[[1],['a']].size() == 1", [(5, "expected type 'list(int)' but found 'list(string)'")]),
        ("[[1], [2, 3], []].size() == 3", []),
        ("{'a': true ? 1 : 2}.size() == 1", []),
    ],
)
def test_lists_and_maps_have_one_type(text: str, problems: list[tuple[int, str]]) -> None:
    assert find_literal_problems(text, is_policy=True) == problems
