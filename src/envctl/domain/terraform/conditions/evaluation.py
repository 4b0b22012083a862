"""Evaluation of conditions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import ge, gt, le, lt

from envctl.domain.terraform.conditions.functions import BOOLEAN_FUNCTIONS, FUNCTIONS, require_number
from envctl.domain.terraform.conditions.syntax import (
    Binary,
    Call,
    Conditional,
    ForList,
    GetAttribute,
    GetItem,
    ListOf,
    Literal,
    Name,
    Node,
    Splat,
    Unary,
    parse_expression,
)
from envctl.domain.terraform.conditions.values import (
    EvaluationError,
    Record,
    Sequence,
    UncertainError,
    are_equal,
    is_number,
    is_primitive,
)

_LARGEST_RESULT = 10**100
_COMPARISONS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}
Values = Mapping[str, object]
"""The known values by the name of their variable."""


def evaluate_condition(condition: str, variables: Values) -> bool | None:
    """Return whether the condition is met. None if that can't be known without Terraform, or if it has an error."""
    try:
        node = parse_expression(condition)
    except UncertainError:
        return None
    outcomes = [_evaluate_part(part, variables) for part in _list_conjuncts(node)]
    # An error in another part can't save a part that is false.
    return False if False in outcomes else None if None in outcomes else True


def _list_conjuncts(node: Node) -> list[Node]:
    """Return the parts of which each has to be true."""
    if isinstance(node, Binary) and node.operator == "&&":
        return [*_list_conjuncts(node.left), *_list_conjuncts(node.right)]
    return [node]


def _evaluate_part(node: Node, variables: Values) -> bool | None:
    try:
        value = _Evaluation(variables, {}).evaluate(node)
    except (UncertainError, EvaluationError, RecursionError):
        return None
    return value if isinstance(value, bool) else None


def find_variables(node: Node) -> frozenset[str]:
    """Return the names of the variables in an expression."""
    if isinstance(node, GetAttribute) and node.source == Name("var"):
        return frozenset({node.name})
    children = [value for value in vars(node).values() if not isinstance(value, str)]
    nodes = [each for value in children for each in (value if isinstance(value, tuple) else (value,))]
    return frozenset().union(*(find_variables(each) for each in nodes if isinstance(each, Node)))


@dataclass(frozen=True)
class _Evaluation:
    variables: Values
    local: Values  # names of `for` expressions

    def evaluate(self, node: Node) -> object:
        match node:
            case Literal(value):
                return value
            case Name() | GetAttribute() | GetItem() | Splat():
                return self._evaluate_reference(node)
            case ListOf(items):
                return Sequence("tuple", tuple(map(self.evaluate, items)))
            case ForList():
                return Sequence("tuple", tuple(self._evaluate_for(node)))
            case Call(name, arguments):
                return self._call(name, arguments)
            case _:
                return self._evaluate_operation(node)

    def _evaluate_reference(self, node: Name | GetAttribute | GetItem | Splat) -> object:
        match node:
            case Name(name):
                return _find_known(self.local, name)
            case GetAttribute(Name("var"), name) if "var" not in self.local:
                return _find_known(self.variables, name)
            case GetAttribute(source, name):
                return _get_attribute(self.evaluate(source), name)
            case GetItem(source, key):
                return _get_item(self.evaluate(source), self.evaluate(key))
            case Splat(source, attributes):
                return self._evaluate_splat(source, attributes)

    def _evaluate_operation(self, node: Unary | Binary | Conditional) -> object:
        match node:
            case Unary("!", operand):
                return not _require_bool(self.evaluate(operand))
            case Unary(_, operand):
                return -require_number(self.evaluate(operand))
            case Binary("&&" | "||" as operator, left, right):
                return self._evaluate_logic(operator, left, right)
            case Binary(operator, left, right):
                return _apply_binary(operator, self.evaluate(left), self.evaluate(right))
            case Conditional():
                return self._evaluate_conditional(node)

    def _evaluate_splat(self, source: Node, attributes: tuple[str, ...]) -> object:
        found = self.evaluate(source)
        if not isinstance(found, Sequence):
            raise UncertainError("a splat of a single value")
        items = found.items
        for name in attributes:
            items = tuple(_get_attribute(item, name) for item in items)
        return Sequence("tuple", items)

    def _evaluate_logic(self, operator: str, left: Node, right: Node) -> object:
        """Evaluate both sides: older versions of Terraform do so, newer ones stop at the deciding left side."""
        first = _require_bool(self.evaluate(left))
        decides = first is (operator == "||")
        try:
            second = _require_bool(self.evaluate(right))
        except EvaluationError:
            if decides:
                raise UncertainError("versions of Terraform differ") from None
            raise
        return (first or second) if operator == "||" else (first and second)

    def _evaluate_conditional(self, node: Conditional) -> object:
        taken, other = node.when_true, node.when_false
        if not _require_bool(self.evaluate(node.condition)):
            taken, other = other, taken
        value = self.evaluate(taken)
        # Both sides are converted to one type.
        if not is_primitive(value) or self._find_kind(other) is not type(value):
            raise UncertainError("sides of different types")
        return value

    def _find_kind(self, node: Node) -> type | None:
        """Return the type of an expression, even if it fails; None if that is unknown."""
        if _is_boolean(node):
            return bool
        try:
            return type(self.evaluate(node))
        except (UncertainError, EvaluationError):
            return None

    def _evaluate_for(self, node: ForList) -> list[object]:
        source = self.evaluate(node.source)
        pairs: list[tuple[object, object]]
        match source:
            case Sequence("set", items):
                pairs = [(item, item) for item in items]
            case Sequence(_, items):
                pairs = [(Fraction(index), item) for index, item in enumerate(items)]
            case Record(_, items):
                pairs = sorted(items.items())
            case _:
                raise UncertainError("not a collection")
        found = []
        for key, value in pairs:
            names = {**self.local, node.value: value, **({node.key: key} if node.key else {})}
            inner = _Evaluation(self.variables, names)
            if node.condition is None or _require_bool(inner.evaluate(node.condition)):
                found.append(inner.evaluate(node.item))
        return found

    def _call(self, name: str, arguments: tuple[Node, ...]) -> object:
        if name == "can" and len(arguments) == 1:
            try:
                self.evaluate(arguments[0])
            except EvaluationError:
                return False
            return True
        if name == "try" and arguments:
            for each in arguments:
                try:
                    return self.evaluate(each)
                except EvaluationError:
                    continue
            raise EvaluationError("no attempt was successful")
        if name not in FUNCTIONS:
            raise UncertainError("an unknown function")
        function = FUNCTIONS[name]
        given = [self.evaluate(each) for each in arguments]
        if len(given) not in function.counts:
            raise UncertainError("another number of arguments")
        return function.call(*given)


def _is_boolean(node: Node) -> bool:
    """Return whether an expression is a bool, even if it fails."""
    match node:
        case Literal(value):
            return isinstance(value, bool)
        case Unary("!", _):
            return True
        case Binary(operator, _, _):
            return operator not in "+-*/%"
        case Conditional(_, when_true, when_false):
            return _is_boolean(when_true) and _is_boolean(when_false)
        case Call(name, _):
            return name in BOOLEAN_FUNCTIONS
        case _:
            return False


def _find_known(values: Values, name: str) -> object:
    if name not in values:
        raise UncertainError("a name with an unknown value")
    return values[name]


def _require_bool(value: object) -> bool:
    if value is None:
        raise EvaluationError("null is not a bool")
    if not isinstance(value, bool):
        raise UncertainError("not a bool")
    return value


def _get_attribute(source: object, name: str) -> object:
    if source is None:
        raise EvaluationError("an attribute of null")
    if not isinstance(source, Record):
        raise UncertainError("an attribute of another value")
    if name not in source.items:
        raise EvaluationError("a missing attribute")
    return source.items[name]


def _get_item(source: object, key: object) -> object:
    if source is None or key is None:
        raise EvaluationError("an index of null")
    if isinstance(source, Sequence) and source.kind != "set" and isinstance(key, Fraction):
        if key.denominator != 1 or not 0 <= key < len(source.items):
            raise EvaluationError("there is no such index")
        return source.items[int(key)]
    if isinstance(source, Record) and isinstance(key, str):
        return _get_attribute(source, key)
    raise UncertainError("an index of another value")


def _apply_binary(operator: str, left: object, right: object) -> object:
    if operator in ("==", "!="):
        return are_equal(left, right) == (operator == "==")
    if not (left is None or is_number(left)) or not (right is None or is_number(right)):
        raise UncertainError("not numbers")
    one, two = require_number(left), require_number(right)
    if operator in _COMPARISONS:
        return _COMPARISONS[operator](one, two)
    return _compute(operator, one, two)


def _compute(operator: str, one: Fraction, two: Fraction) -> Fraction:
    """Compute with whole numbers only: Terraform rounds others."""
    if one.denominator != 1 or two.denominator != 1:
        raise UncertainError("fractions")
    match operator:
        case "+":
            found = one + two
        case "-":
            found = one - two
        case "*":
            found = one * two
        case "%" if two > 0 and one >= 0:
            found = one % two
        case _:
            raise UncertainError("a division")
    if abs(found) > _LARGEST_RESULT:
        raise UncertainError("a number with too many digits")
    return found
