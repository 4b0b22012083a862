"""The settings with which something was deployed, in the store: so that it can be said later what is another value now.

What is sensitive stays out. They are told, and never decided upon: what counts is the digest in the ledger.
"""

import json
from contextlib import suppress
from dataclasses import replace

from envctl.domain.errors import Location
from envctl.domain.redaction import Redactor
from envctl.domain.settings.values import EnvironmentSettings, Setting, canonical
from envctl.usecases.ports.core import AlreadyExistsError, Ports

FORMAT = 1


def keep(ports: Ports, settings: EnvironmentSettings) -> None:
    sensitive = [setting.value for setting in settings.settings if setting.sensitive]
    # What nothing marks may hold a secret all the same, like the address of a database: that stays out, too.
    redactor = Redactor.of(sensitive)
    kept = [
        replace(setting, sensitive=setting.sensitive or _holds_secret(redactor, setting.value))
        for setting in settings.settings
    ]
    document = {"format": FORMAT, "settings": [_document(setting) for setting in kept]}
    with suppress(AlreadyExistsError):
        ports.store.create(_key(settings.digest()), canonical(document).encode("utf-8", "surrogatepass"))


def look(ports: Ports, environment: str, digest: str) -> EnvironmentSettings | None:
    """Without what is sensitive; None where they were not kept, or can't be read."""
    data = ports.store.read(_key(digest))
    try:
        document = json.loads((data or b"").decode("utf-8", "surrogatepass"))
        if document["format"] != FORMAT:
            return None
        settings = tuple(_setting(each) for each in document["settings"])
    except (ValueError, KeyError, TypeError):
        return None
    arguments: dict[str, dict[str, object]] = {}
    for setting in settings:
        for stack in setting.stacks if setting.origin != "default" and not setting.sensitive else ():
            arguments.setdefault(stack, {})[setting.name] = setting.value
    return EnvironmentSettings(environment, settings, arguments)


def _holds_secret(redactor: Redactor, value: object) -> bool:
    """Anywhere in it: also in a number, or in a name within a map."""
    text = canonical(value)
    return redactor.redact(text) != text


def _document(setting: Setting) -> dict[str, object]:
    at = setting.location
    return {
        "name": setting.name,
        "value": None if setting.sensitive else setting.value,
        "origin": setting.origin,
        "sensitive": setting.sensitive,
        "stacks": list(setting.stacks),
        "file": at.file if at else None,
        "line": at.line if at else None,
    }


def _setting(document: dict[str, object]) -> Setting:
    file, line = document["file"], document["line"]
    location = Location(str(file), line if isinstance(line, int) else None) if file else None
    stacks = document["stacks"]
    if not isinstance(stacks, list) or document["origin"] not in {"file", "default", "envctl", "artifact"}:
        raise TypeError("not as envctl writes it")
    return Setting(
        str(document["name"]),
        document["value"],
        location,
        document["origin"],
        bool(document["sensitive"]),
        tuple(str(stack) for stack in stacks),
    )


def _key(digest: str) -> str:
    return f"settings/{digest}.json"
