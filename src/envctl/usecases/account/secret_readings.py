"""Read the texts of secrets: from environment variables, and from the stores of AWS.

A preparation that lies ready keeps where each value comes from, and no value: every command reads the values again.
What can't be used leads to a new preparation, which reports it with its line.
"""

from collections.abc import Sequence
from dataclasses import replace

from envctl.domain.release.secret_texts import UnusableSecretError, encode_secret
from envctl.usecases.ports.aws import SecretReading, SecretReference
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment


def list_distinct_references(sources: Sequence[SecretReference | str]) -> list[SecretReference]:
    """Return the secrets among the sources, each once: stacks share secrets, and keys of one JSON object."""
    return list(dict.fromkeys(each for each in sources if not isinstance(each, str)))


def read_sources(ports: Ports, environment: str, sources: Sequence[SecretReference | str]) -> list[SecretReading]:
    """Return the reading of each source, a secret or the name of an environment variable. Each secret is read once.

    Call it with an account that was checked: another account may have a secret of the same name.
    """
    distinct = list_distinct_references(sources)
    read = ports.secrets.read_values(environment, distinct) if distinct else ()
    answers = dict(zip(distinct, read, strict=True))
    return [
        SecretReading(ports.secret_variables.read_variable(each)) if isinstance(each, str) else answers[each]
        for each in sources
    ]


def add_kept_values(ports: Ports, prepared: PreparedEnvironment) -> PreparedEnvironment | None:
    """Return the preparation with the values of now, all redacted; None if one is missing or can't be used.

    Call it with an account that was checked: another account may have a secret of the same name.
    """
    found: dict[str, dict[str, str]] = {}
    sources = [each.secret or each.name for each in prepared.value_sources]
    readings = read_sources(ports, prepared.environment, sources)
    for source, reading in zip(prepared.value_sources, readings, strict=True):
        if not reading.text:
            return None
        try:
            encoded = encode_secret(reading.text, source.key, source.variable, source.type_text)
        except UnusableSecretError:
            return None
        ports.observer.redact((encoded.value, encoded.text), prepared.public_names)
        found.setdefault(source.stack, {})[source.variable] = encoded.text
    stacks = (replace(stack, secrets={**stack.secrets, **found.get(stack.name, {})}) for stack in prepared.stacks)
    return replace(prepared, stacks=tuple(stacks))
