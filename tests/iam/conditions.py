"""The Condition element, as in docs.aws.amazon.com/IAM/latest/UserGuide/:
reference_policies_elements_condition_operators.html, reference_policies_variables.html and
reference_policies_condition-single-vs-multi-valued-context-keys.html.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Context = Mapping[str, tuple[str, ...]]
"""Values of the request by condition key, in lower case: AWS compares the names of keys without their case."""


class UnsupportedPolicyError(Exception):
    """The policy uses something that is not implemented here, or that AWS does not allow."""


class MissingVariableError(Exception):
    """A policy variable names a key that the request does not have: the value matches nothing."""


@dataclass(frozen=True)
class Operator:
    """`matches` compares a value of the policy with one of the request; `negated` operators ask that none matches."""

    matches: Callable[[str, str], bool]
    negated: bool = False


def holds(condition: Mapping[str, object], context: Context) -> bool:
    """Check all operators and all keys: they are joined by AND, the values of one key by OR."""
    # All are evaluated, so that an unsupported one is found wherever it stands.
    checked = [_check_key(name, key, read_texts(values), context) for name, key, values in _list_comparisons(condition)]
    return all(checked)


def _list_comparisons(condition: Mapping[str, object]) -> Sequence[tuple[str, str, object]]:
    found = []
    for name, keys in condition.items():
        if not isinstance(keys, Mapping):
            raise UnsupportedPolicyError(f"condition {name} has no keys")
        found += [(name, str(key), values) for key, values in keys.items()]
    return found


def _check_key(name: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    values = context.get(key.lower())
    if name == "Null":
        if any(each not in ("true", "false") for each in wanted):
            raise UnsupportedPolicyError(f"Null of {key} is neither true nor false")
        return str(values is None).lower() in wanted
    quantifier, _, rest = name.rpartition(":")
    bare = rest.removesuffix("IfExists")
    if bare not in OPERATORS or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnsupportedPolicyError(f"condition operator {name}")
    operator = OPERATORS[bare]
    if quantifier:
        return _check_set(quantifier, operator, wanted, values or (), context) or (values is None and rest != bare)
    if values is None:
        return operator.negated or rest != bare
    if len(values) != 1:
        raise UnsupportedPolicyError(f"{name} of {key}, which has several values, needs ForAllValues or ForAnyValue")
    return _check_value(operator, wanted, values[0], context)


def _check_set(
    quantifier: str, operator: Operator, wanted: Sequence[str], values: Sequence[str], context: Context
) -> bool:
    """ForAllValues is true without any value, and ForAnyValue is false."""
    checked = [_check_value(operator, wanted, value, context) for value in values]
    return all(checked) if quantifier == "ForAllValues" else any(checked)


def _check_value(operator: Operator, wanted: Sequence[str], value: str, context: Context) -> bool:
    matched = any(_matches(operator, each, value, context) for each in wanted)
    return matched is not operator.negated


def _matches(operator: Operator, wanted: str, value: str, context: Context) -> bool:
    try:
        return operator.matches(fill_variables(wanted, context), value)
    except MissingVariableError:
        return False


_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "\ue000", "?": "\ue001", "$": "$"}
"""`${*}` is a star and no wildcard; stars and question marks are hidden until a pattern is made."""


def fill_variables(text: str, context: Context) -> str:
    """Replace `${key}` by the value of the request. A star that comes from a request is no wildcard either."""

    def fill(found: re.Match[str]) -> str:
        if found[1] in _LITERALS:
            return _LITERALS[found[1]]
        if "," in found[1]:
            raise UnsupportedPolicyError(f"default of the policy variable {found[0]}")
        values = context.get(found[1].lower())
        if values is None or len(values) != 1:
            raise MissingVariableError(found[1])
        return values[0].replace("*", _LITERALS["*"]).replace("?", _LITERALS["?"])

    return _VARIABLE.sub(fill, text)


def matches_pattern(pattern: str, text: str) -> bool:
    """`*` is any number of characters, also none, and `?` is exactly one."""
    parts = {"*": ".*", "?": ".", _LITERALS["*"]: r"\*", _LITERALS["?"]: r"\?"}
    return re.fullmatch("".join(parts.get(each) or re.escape(each) for each in pattern), text, re.DOTALL) is not None


def _show_literals(text: str) -> str:
    return text.replace(_LITERALS["*"], "*").replace(_LITERALS["?"], "?")


def _equals(wanted: str, value: str) -> bool:
    return _show_literals(wanted) == value


def _equals_ignoring_case(wanted: str, value: str) -> bool:
    return _show_literals(wanted).casefold() == value.casefold()


def _matches_arn(wanted: str, value: str) -> bool:
    """Compare the six parts of an ARN one by one: a star does not reach over a colon. ArnEquals is ArnLike."""
    wanted_parts, parts = wanted.split(":", 5), value.split(":", 5)
    if len(parts) != 6 or len(wanted_parts) != 6:
        return False
    return all(matches_pattern(pattern, part) for pattern, part in zip(wanted_parts, parts, strict=True))


def _compare_numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def matches(wanted: str, value: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return matches


def read_texts(values: object) -> Sequence[str]:
    """Return one text, or a list of them, as a list. Raise UnsupportedPolicyError for anything else."""
    listed = values if isinstance(values, list) else [values]
    texts = [each for each in listed if isinstance(each, str)]
    if len(texts) != len(listed):
        raise UnsupportedPolicyError(f"{values} is no text, nor a list of texts")
    return texts


OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator(_equals),
    "StringNotEquals": Operator(_equals, negated=True),
    "StringEqualsIgnoreCase": Operator(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": Operator(_equals_ignoring_case, negated=True),
    "StringLike": Operator(matches_pattern),
    "StringNotLike": Operator(matches_pattern, negated=True),
    "ArnEquals": Operator(_matches_arn),
    "ArnLike": Operator(_matches_arn),
    "ArnNotEquals": Operator(_matches_arn, negated=True),
    "ArnNotLike": Operator(_matches_arn, negated=True),
    "Bool": Operator(_equals_ignoring_case),
    "NumericEquals": Operator(_compare_numbers(lambda value, wanted: value == wanted)),
    "NumericNotEquals": Operator(_compare_numbers(lambda value, wanted: value == wanted), negated=True),
    "NumericLessThan": Operator(_compare_numbers(lambda value, wanted: value < wanted)),
    "NumericLessThanEquals": Operator(_compare_numbers(lambda value, wanted: value <= wanted)),
    "NumericGreaterThan": Operator(_compare_numbers(lambda value, wanted: value > wanted)),
    "NumericGreaterThanEquals": Operator(_compare_numbers(lambda value, wanted: value >= wanted)),
}
