"""Conditions of `validation` blocks about one variable, with values of its type."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

TEXTS = st.sampled_from([
    "", "a", "b", "A1", "per_az", "db.t4g.small", "a b", " a ", "a\nb", "ä", "e\u0301", "5", "05", "-1", "true",
    "10.0.0.0/16", "10.0.0.1/8", "10.0.0.0/33", "300.0.0.0/8", "010.0.0.0/8", "10.0.0.0", "10.0.0/8", "2001:db8::/32",
    "10..0.0/8", "1.2.3.4.5/8", "1.2.3.4/032", "1.2.3.4444/8",
    "::1/129", "s3://bucket/key", "arn:aws:iam::123456789012:role/x", "x" * 40,
])  # fmt: skip
NUMBERS = st.sampled_from([0, 1, 2, 3, 5, 64, 365, -1, 0.5, 1.1, 10**20, 3653])
VALUES: dict[str, st.SearchStrategy[object]] = {
    "string": TEXTS,
    "number": NUMBERS,
    "bool": st.booleans(),
    "list(string)": st.lists(TEXTS, max_size=3),
    "set(string)": st.lists(TEXTS, max_size=3),
    "map(string)": st.dictionaries(st.sampled_from(["a", "b", "key 1"]), TEXTS, max_size=2),
    "list(number)": st.lists(NUMBERS, max_size=3),
    "object({a = string, b = optional(number)})": st.fixed_dictionaries({"a": TEXTS, "b": st.none() | NUMBERS}),
    "list(object({a = string}))": st.lists(st.fixed_dictionaries({"a": TEXTS}), max_size=2),
}
# As they stand in HCL, where a backslash is written twice.
PATTERNS = st.sampled_from([
    "^[a-z]+$", "^[a-z][a-z0-9-]{0,19}$", "a", "", "^$", "^(a|b|per_az)$", "[\\r\\n]",
    "^db\\\\.[a-z0-9-]+\\\\.[a-z0-9]+$", "^[0-9.]+/(1[6-9]|20)$", "^.$", "^[^a]*$", "\\\\d", "^\\\\S+$", "^\\\\w*$",
    "[[:alpha:]]", "[^[:alnum:]_]", "(a+)+$", "^ ?a ?$", "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", "(?i)A", "(",
    "a{2,1}", "^s3://[a-z0-9][a-z0-9.-]{1,61}(/[a-z]*)?$", "a**", "\\\\z",
])  # fmt: skip
LITERAL_TEXTS = st.sampled_from(['"a"', '"per_az"', '""', '"5"', '"10.0.0.0/16"', '"ä"', '"\\u00e9"', '"s3://"'])
LITERAL_NUMBERS = st.sampled_from(["0", "1", "2", "5", "365", "1.1", "0.5", "-1", "1e3"])


@dataclass(frozen=True)
class Names:
    """The expressions of each kind that a condition may use."""

    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    bools: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    elements: str = ""  # the kind of the elements of the collections


def list_names(variable: str, type_: str) -> Names:
    match type_:
        case "string":
            return Names(texts=(variable,))
        case "number":
            return Names(numbers=(variable,))
        case "bool":
            return Names(bools=(variable,))
        case "list(string)" | "set(string)":
            items = (f"{variable}[0]", f"{variable}[2]") if type_ == "list(string)" else ()
            return Names(texts=items, collections=(variable, f"distinct({variable})"), elements="text")
        case "map(string)":
            some = (variable, f"values({variable})", f"keys({variable})")
            return Names(texts=(f"{variable}.a", f'{variable}["b"]'), collections=some, elements="text")
        case "list(number)":
            return Names(numbers=(f"{variable}[0]",), collections=(variable,), elements="number")
        case "list(object({a = string}))":
            names = (f"{variable}[*].a", f"[for each in {variable} : each.a]")
            return Names(texts=(f"{variable}[0].a",), collections=names, elements="text")
        case _:
            return Names(texts=(f"{variable}.a",), numbers=(f"{variable}.b",))


@st.composite
def texts(draw: st.DrawFn, names: Names) -> str:
    atom = draw(st.sampled_from(names.texts) if names.texts else LITERAL_TEXTS)
    forms = [atom, atom, atom, f"lower({atom})", f"upper({atom})", f"trimspace({atom})", f"try({atom}, null)"]
    return draw(st.sampled_from(forms) | LITERAL_TEXTS)


@st.composite
def numbers(draw: st.DrawFn, names: Names) -> str:
    forms = [draw(LITERAL_NUMBERS), f"length({draw(texts(names))})", f"tonumber({draw(texts(names))})"]
    forms += [f"length({each})" for each in names.collections]
    for atom in names.numbers:
        forms += [
            atom,
            atom,
            f"floor({atom})",
            f"{atom} + 1",
            f"2 * {atom}",
            f"-{atom}",
            f"max({atom}, 2)",
            f"{atom} % 2",
        ]
    return draw(st.sampled_from(forms))


@st.composite
def bools(draw: st.DrawFn, names: Names, depth: int = 2) -> str:
    def inner(more: Names = names) -> str:
        return draw(bools(more, depth - 1))

    simple: list[Callable[[], str]] = [
        lambda: (
            f"{draw(numbers(names))} {draw(st.sampled_from(['<', '>', '<=', '>=', '==', '!=']))} {draw(numbers(names))}"
        ),
        lambda: f"{draw(texts(names))} {draw(st.sampled_from(['==', '!=']))} {draw(texts(names) | numbers(names))}",
        lambda: f'contains(["a", "per_az", "{draw(st.sampled_from(["b", "5"]))}"], {draw(texts(names))})',
        lambda: f"contains([1, 2, 365], {draw(numbers(names))})",
        lambda: f'can(regex("{draw(PATTERNS)}", {draw(texts(names))}))',
        lambda: f'length(regexall("{draw(PATTERNS)}", {draw(texts(names))})) > 0',
        lambda: f"can(cidrhost({draw(texts(names))}, {draw(st.sampled_from([0, 1, 300]))}))",
        lambda: f"can(cidrnetmask({draw(texts(names))}))",
        lambda: f"try(cidrsubnet({(text := draw(texts(names)))}, 0, 0) == {text}, false)",
        lambda: f'startswith({draw(texts(names))}, "{draw(st.sampled_from(["a", "", "10.", "s3://"]))}")',
        lambda: (
            f"{draw(st.sampled_from([*names.texts, *names.numbers, *names.bools, *names.collections, 'null']))} == null"
        ),
        lambda: f"can({draw(texts(names) | numbers(names))})",
        lambda: draw(st.sampled_from([*names.bools, "true", "false"])),
    ]
    if depth == 0:
        return draw(st.sampled_from(simple))()
    complex_ = [
        lambda: f"!({inner()})",
        lambda: f"({inner()}) && ({inner()})",
        lambda: f"({inner()}) || ({inner()})",
        lambda: f"({inner()}) ? ({inner()}) : ({inner()})",
        lambda: f"can({inner()})",
        lambda: f"try({inner()}, {draw(st.sampled_from(['true', 'false']))})",
        lambda: f"({inner()}) == ({inner()})",
    ]
    if names.collections:
        complex_ += [lambda: draw(bools_of_collection(names, depth))]
    return draw(st.sampled_from(simple + complex_ * 2))()


@st.composite
def bools_of_collection(draw: st.DrawFn, names: Names, depth: int) -> str:
    each = draw(st.sampled_from(names.collections))
    local = Names(texts=("each",)) if names.elements == "text" else Names(numbers=("each",))
    inner = draw(bools(local, depth - 1))
    forms = [
        f"alltrue([for each in {each} : {inner}])",
        f"anytrue([for each in {each} : {inner}])",
        f"length([for k, each in {each} : each if {inner}]) == {draw(LITERAL_NUMBERS)}",
        f'length(setsubtract({each}, ["a", "b"])) == 0',
        f"contains({each}, {draw(LITERAL_TEXTS | LITERAL_NUMBERS)})",
        f"length(distinct({each})) == length({each})",
    ]
    return draw(st.sampled_from(forms))


@dataclass(frozen=True)
class Case:
    type_text: str
    value: object
    condition: str  # with `var.x` for the variable


@st.composite
def cases(draw: st.DrawFn) -> Case:
    type_ = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.one_of(VALUES[type_], VALUES[type_], VALUES[type_], VALUES[type_], st.none()))
    return Case(type_, value, draw(bools(list_names("var.x", type_), draw(st.integers(0, 2)))))
