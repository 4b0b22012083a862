"""Read the secret values of a preparation that lies ready: where each value comes from is kept, and no value.

Every command reads the values again. What can't be used leads to a new preparation, which reports it with its line.
"""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.release.secret_texts import SecretText, UnusableSecretError, encode_secret
from envctl.usecases.account.secret_readings import read_sources
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack, ValueSource


def add_kept_values(ports: Ports, prepared: PreparedEnvironment) -> PreparedEnvironment | None:
    """Return the preparation with the values of now, all redacted; None if one is missing or can't be used.

    Call it with an account that was checked: another account may have a secret of the same name.
    """
    found: dict[str, dict[str, str]] = {}
    sources = [each.secret or each.name for each in prepared.value_sources]
    readings = read_sources(ports, prepared.environment, sources)
    for source, reading in zip(prepared.value_sources, readings, strict=True):
        try:
            encoded = _encode(source, reading.text or "")
        except UnusableSecretError:
            return None
        ports.observer.redact((encoded.value, encoded.text), prepared.public_names)
        found.setdefault(source.stack, {})[source.variable] = encoded.text
    return replace(prepared, stacks=tuple(_add_values(stack, found.get(stack.name, {})) for stack in prepared.stacks))


def _encode(source: ValueSource, text: str) -> SecretText:
    if not text:
        raise UnusableSecretError("it is empty")
    return encode_secret(text, source.key, source.variable, source.type_text)


def _add_values(stack: PreparedStack, values: Mapping[str, str]) -> PreparedStack:
    return replace(stack, secrets={**stack.secrets, **values}) if values else stack
