"""Settings of deployments in the store, to explain later differences, without sensitive values.

They are display data: decisions use the digest in the ledger.
"""

import json
from contextlib import suppress
from dataclasses import replace

from envctl.domain.errors import Location
from envctl.domain.redaction import Redactor
from envctl.domain.settings.settings import EnvironmentSettings, Setting, format_canonical_json
from envctl.usecases.ports.core import AlreadyExistsError, Ports

FORMAT = 1
_KEY = "settings/{}.json"


def save_settings(ports: Ports, settings: EnvironmentSettings) -> None:
    redactor = Redactor.from_values([setting.value for setting in settings.settings if setting.sensitive])
    kept = []
    for setting in settings.settings:
        # Unmarked values may contain a secret too, in numbers and map keys as well, such as a database URL.
        text = format_canonical_json(setting.value)
        kept.append(replace(setting, sensitive=setting.sensitive or redactor.redact(text) != text))
    document = {"format": FORMAT, "settings": [_to_document(setting) for setting in kept]}
    with suppress(AlreadyExistsError):
        data = format_canonical_json(document).encode("utf-8", "surrogatepass")
        ports.store.create(_KEY.format(settings.digest()), data)


def load_settings(ports: Ports, environment: str, digest: str) -> EnvironmentSettings | None:
    """Load the settings without sensitive values; None if missing or unreadable."""
    data = ports.store.read(_KEY.format(digest))
    try:
        document = json.loads((data or b"").decode("utf-8", "surrogatepass"))
        if document["format"] != FORMAT:
            return None
        settings = tuple(_from_document(each) for each in document["settings"])
    except (ValueError, KeyError, TypeError):
        return None
    arguments: dict[str, dict[str, object]] = {}
    for setting in settings:
        for stack in setting.stacks if setting.origin != "default" and not setting.sensitive else ():
            arguments.setdefault(stack, {})[setting.name] = setting.value
    return EnvironmentSettings(environment, settings, arguments)


def _to_document(setting: Setting) -> dict[str, object]:
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


def _from_document(document: dict[str, object]) -> Setting:
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
