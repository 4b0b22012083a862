"""The tables under [checks], as pydantic meets them. Every command reads the project, and most projects have no checks
or do not run them: the models are imported where there is one, and cost nothing elsewhere.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import ValidationError
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from envctl.domain.config.checks.kinds import Check
else:

    class _OfItsKind:
        def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
            return core_schema.no_info_plain_validator_function(_read)

    Check = Annotated[object, _OfItsKind()]

__all__ = ["Check", "known_keys", "with_kind"]


def with_kind(name: str, table: Mapping[str, object]) -> Mapping[str, object]:
    """The same table, with the check's name as its kind where it says none and the name is one."""
    from envctl.domain.config.checks.kinds import KINDS

    return {"kind": name, **table} if name in KINDS else table


def known_keys(name: str, table: Mapping[str, object]) -> list[str]:
    """The keys that a check of that kind may have; none where the kind is not known."""
    from envctl.domain.config.checks.kinds import KINDS

    kind = with_kind(name, table).get("kind")
    return list(KINDS[kind].model_fields) if isinstance(kind, str) and kind in KINDS else []


def _read(table: object) -> "Check":
    from envctl.domain.config.checks.kinds import KINDS

    if isinstance(table, tuple(KINDS.values())):
        return cast("Check", table)
    if not isinstance(table, Mapping):
        raise ValueError("must be a table")  # noqa: TRY004 (pydantic wants it)
    known = ", ".join(f'"{kind}"' for kind in KINDS)
    if "kind" not in table:
        raise ValueError(f"must have a kind, one of {known}; only a check that is named like a kind goes without")
    kind = table["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise _fault("kind", f"must be one of {known}")
    return KINDS[kind].model_validate(table)


def _fault(key: str, sentence: str) -> ValidationError:
    details = {"type": "value_error", "loc": (key,), "input": None, "ctx": {"error": ValueError(sentence)}}
    return ValidationError.from_exception_data("Check", [details], hide_input=True)  # type: ignore[list-item]
