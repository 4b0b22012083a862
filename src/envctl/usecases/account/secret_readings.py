"""Read the texts of secrets: from environment variables, and from the stores of AWS."""

from collections.abc import Sequence

from envctl.usecases.ports.aws import SecretReading, SecretReference
from envctl.usecases.ports.core import Ports


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
