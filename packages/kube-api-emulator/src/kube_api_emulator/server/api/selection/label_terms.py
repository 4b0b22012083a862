"""The syntax of label selectors, as kube-apiserver reads it, with its words for mistakes."""

from dataclasses import dataclass

from kube_api_emulator.server.rules.validation.causes import format_value
from kube_api_emulator.server.rules.validation.names import list_key_problems, list_value_problems

_SPECIAL, _SPACE = "=!(),><", " \t\r\n"
_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")
_KEYWORDS = {")", ",", "!", "==", "=", ">", "in", "<", "!=", "notin", "("}
_BINARY = ("in", "notin", "=", "==", "!=", ">", "<")
_NAME, _END, _WRONG = "name", "end", "wrong"


@dataclass(frozen=True)
class LabelTerm:
    """One condition: the label `key` is one of `values`; or it exists, if there are none.

    Attributes:
        operator: `in`, `notin`, `=`, `==`, `!=`, `>`, `<`, `exists` or `!`.
    """

    key: str
    operator: str
    values: frozenset[str] = frozenset()


def parse_label_terms(text: str) -> list[LabelTerm]:
    """Return the terms of a selector, all of which must fit. Raises ValueError in the words of the server."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _scan(text)
        self._place = 0

    def _peek(self, *, is_value: bool = True) -> tuple[str, str]:
        kind, text = self._tokens[self._place]
        return (_NAME if is_value and kind in ("in", "notin") else kind), text

    def _take(self, *, is_value: bool = True) -> tuple[str, str]:
        found = self._peek(is_value=is_value)
        self._place += 1
        return found

    def parse(self) -> list[LabelTerm]:
        terms: list[LabelTerm] = []
        while True:
            kind, text = self._peek()
            if kind == _END:
                return terms
            if kind not in (_NAME, "!"):
                raise ValueError(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                terms.append(self._parse_term())
            except ValueError as error:
                raise ValueError(f"unable to parse requirement: {error}") from None
            kind, text = self._take()
            if kind == _END:
                return terms
            if kind != ",":
                raise ValueError(f"found '{text}', expected: ',' or 'end of string'")
            kind, text = self._peek()
            if kind not in (_NAME, "!"):
                raise ValueError(f"found '{text}', expected: identifier after ','")

    def _parse_term(self) -> LabelTerm:
        kind, key = self._take()
        is_absent = kind == "!"
        if is_absent:
            kind, key = self._take()
        if kind != _NAME:
            raise ValueError(f"found '{key}', expected: identifier")
        if problems := list_key_problems(key):
            raise ValueError(f"<nil>: Invalid value: {format_value(key)}: {'; '.join(problems)}")
        if is_absent:
            return LabelTerm(key, "!")
        if self._peek()[0] in (_END, ","):
            return LabelTerm(key, "exists")
        operator, text = self._take(is_value=False)
        if operator not in _BINARY:
            raise ValueError(f"found '{text}', expected: {', '.join(_OPERATORS)}")
        values = self._parse_values() if operator in ("in", "notin") else self._parse_value()
        _check_values(key, operator, sorted(values))
        return LabelTerm(key, operator, frozenset(values))

    def _parse_value(self) -> set[str]:
        if self._peek()[0] in (_END, ","):
            return {""}
        kind, text = self._take()
        if kind != _NAME:
            raise ValueError(f"found '{text}', expected: identifier")
        return {text}

    def _parse_values(self) -> set[str]:
        kind, text = self._take()
        if kind != "(":
            raise ValueError(f"found '{text}' expected: '('")
        kind, text = self._peek()
        if kind == ")":
            self._take()
            return {""}
        if kind not in (_NAME, ","):
            raise ValueError(f"found '{text}', expected: ',', ')' or identifier")
        values = self._parse_list()
        if self._take()[0] != ")":
            raise ValueError(f"found '{text}', expected: ')'")
        return values

    def _parse_list(self) -> set[str]:
        values: set[str] = set()
        while True:
            kind, text = self._take()
            after, shown = self._peek() if kind != _END else (_END, "")
            if kind == _NAME:
                values.add(text)
                if after == ")":
                    return values
                if after != ",":
                    raise ValueError(f"found '{shown}', expected: ',' or ')'")
            elif kind == ",":
                if not values or after in (")", ","):
                    values.add("")
                if after == ")":
                    return values
            else:
                raise ValueError(f"found '{text}', expected: ',', or identifier")


def _check_values(key: str, operator: str, values: list[str]) -> None:
    problems = []
    for index, value in enumerate(values):
        if operator in "<>" and not value.lstrip("+-").isdecimal():
            text = "for 'Gt', 'Lt' operators, the value must be an integer"
            problems.append(f"values[{index}]: Invalid value: {format_value(value)}: {text}")
    for index, value in enumerate(values):
        if found := list_value_problems(value):
            problems.append(f"values[{index}][{key}]: Invalid value: {format_value(value)}: {'; '.join(found)}")
    if problems:
        raise ValueError(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")


def _scan(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    while place < len(text):
        letter = text[place]
        if letter in _SPACE:
            place += 1
            continue
        start = place
        if letter in _SPECIAL:
            kind, found, place = _scan_special(text, start)
        else:
            while place < len(text) and text[place] not in _SPECIAL + _SPACE:
                place += 1
            found = text[start:place]
            kind = found if found in _KEYWORDS else _NAME
        tokens.append((kind, found))
    return [*tokens, (_END, "")]


def _scan_special(text: str, start: int) -> tuple[str, str, int]:
    """Return the longest operator from a place, and the place after it."""
    known, place = "", start
    while place < len(text) and text[place] in _SPECIAL:
        found = text[start : place + 1]
        if found in _KEYWORDS:
            known = found
        elif known:
            break
        place += 1
    return (known, known, place) if known else (_WRONG, text[start:place], place)
