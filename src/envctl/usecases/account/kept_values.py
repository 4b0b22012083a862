"""Read the secret values of a preparation that lies ready: where each value comes from is kept, and no value.

Every command reads the values again. What can't be used leads to a new preparation, which reports it with its line.
"""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.release.secret_texts import SecretText, UnusableSecretError, encode_secret
from envctl.usecases.ports.aws import SecretReference
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack, ValueSource


def add_kept_values(ports: Ports, prepared: PreparedEnvironment) -> PreparedEnvironment | None:
    """Return the preparation with the values of now, all redacted; None if one is missing or can't be used.

    Call it with an account that was checked: another account may have a secret of the same name.
    """
    found: dict[str, dict[str, str]] = {}
    for source, text in _read_texts(ports, prepared).items():
        try:
            encoded = _encode(source, text)
        except UnusableSecretError:
            return None
        ports.observer.redact((encoded.value, encoded.text), prepared.public_names)
        found.setdefault(source.stack, {})[source.variable] = encoded.text
    return replace(prepared, stacks=tuple(_add_values(stack, found.get(stack.name, {})) for stack in prepared.stacks))


def _read_texts(ports: Ports, prepared: PreparedEnvironment) -> Mapping[ValueSource, str]:
    """Return the text of each source; an empty one is missing. Sources that stacks share are read once."""
    distinct = list(dict.fromkeys(s.secret for s in prepared.value_sources if s.secret is not None))
    answers: dict[SecretReference, str] = {}
    if distinct:
        read = ports.secrets.read_values(prepared.environment, distinct)
        answers = {each: answer.text or "" for each, answer in zip(distinct, read, strict=True)}
    return {
        each: answers[each.secret] if each.secret else ports.secret_variables.read_variable(each.name) or ""
        for each in prepared.value_sources
    }


def _encode(source: ValueSource, text: str) -> SecretText:
    if not text:
        raise UnusableSecretError("it is empty")
    return encode_secret(text, source.key, source.variable, source.type_text)


def _add_values(stack: PreparedStack, values: Mapping[str, str]) -> PreparedStack:
    return replace(stack, secrets={**stack.secrets, **values}) if values else stack
