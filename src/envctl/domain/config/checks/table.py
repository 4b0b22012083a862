"""Pydantic type of the tables under `[checks]`.

Every command reads the project, but few run checks: the models are imported on first use.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import ValidationError
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from envctl.domain.config.checks.kinds import Check
else:

    class _CheckByKind:
        def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
            return core_schema.no_info_plain_validator_function(_parse_check)

    Check = Annotated[object, _CheckByKind()]

__all__ = ["Check", "add_kind", "list_known_keys"]


def add_kind(name: str, table: Mapping[str, object]) -> Mapping[str, object]:
    """Return the table, with its name as `kind` if it has none and its name is a kind."""
    from envctl.domain.config.checks.kinds import KINDS

    return {"kind": name, **table} if name in KINDS else table


def list_known_keys(name: str, table: Mapping[str, object]) -> list[str]:
    """Return the valid keys of this kind of check; empty for an unknown kind."""
    from envctl.domain.config.checks.kinds import KINDS

    kind = add_kind(name, table).get("kind")
    return list(KINDS[kind].model_fields) if isinstance(kind, str) and kind in KINDS else []


def _parse_check(table: object) -> "Check":
    from envctl.domain.config.checks.kinds import KINDS

    if isinstance(table, tuple(KINDS.values())):
        return cast("Check", table)
    if not isinstance(table, Mapping):
        raise ValueError("must be a table")  # noqa: TRY004 (pydantic wants it)
    known = ", ".join(f'"{kind}"' for kind in KINDS)
    if "kind" not in table:
        raise ValueError(f"must have a kind, one of {known}; a check with the name of a kind needs none")
    kind = table["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        error = ValueError(f"must be one of {known}")
        details = {"type": "value_error", "loc": ("kind",), "input": None, "ctx": {"error": error}}
        raise ValidationError.from_exception_data("Check", [details], hide_input=True)  # type: ignore[list-item]
    return KINDS[kind].model_validate(table)
