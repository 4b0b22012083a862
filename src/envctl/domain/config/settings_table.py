"""`[settings]`: the places of settings files, and the variables that envctl fills by itself."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from envctl.domain.config import fields

Filled = Literal["environment", "project", "region"]
FILLED: tuple[Filled, ...] = ("environment", "project", "region")
SUFFIXES = (".tfvars", ".tfvars.json")
_PLACEHOLDERS = ("{env}", "{environment}", "{stack}", "{project}")


def check_settings_path(text: str) -> str:
    """Return the path of settings files. The message of its ValueError continues a sentence."""
    rest = text
    for placeholder in _PLACEHOLDERS:
        rest = rest.replace(placeholder, "x")
    if {"{", "}"} & set(rest):
        raise ValueError(f"may contain {', '.join(_PLACEHOLDERS)} and no other braces")
    parts = rest.split("/")
    if text.startswith("/") or {"", ".", ".."} & set(parts) or "\\" in text or ":" in text:
        raise ValueError('must be a path in the project, such as "config/{env}.tfvars"')
    if not text.endswith(SUFFIXES):
        raise ValueError(f"must end with {' or '.join(SUFFIXES)}")
    return text


def unify_spelling(path: str) -> str:
    """Return the path with the short placeholder of two that mean the same."""
    return path.replace("{environment}", "{env}")


def _check_distinct(paths: tuple[str, ...]) -> tuple[str, ...]:
    if not paths:
        raise ValueError("must not be empty")
    plain = [unify_spelling(path) for path in paths]
    if twice := sorted({path for path in plain if plain.count(path) > 1}):
        raise ValueError(f"must name each path once, but names {twice[0]} twice")
    return paths


SettingsPath = Annotated[str, AfterValidator(check_settings_path)]


class SettingsTable(fields.Section):
    """The places of settings, and the variables that envctl fills by itself."""

    # paths of the files in place of the usual ones; later ones win. Placeholders: {env}, {stack}, {project}
    files: Annotated[tuple[SettingsPath, ...], AfterValidator(_check_distinct)] | None = None
    # variables that envctl fills: `environment`, `project`, `region`; the others become ordinary settings
    fill: tuple[Filled, ...] = FILLED
    # names in settings files that no stack declares, of other programs; or attributes, such as `limits.old`
    ignore: tuple[fields.SettingPattern, ...] = ()
