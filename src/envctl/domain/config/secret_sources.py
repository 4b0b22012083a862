"""Sources of secret values, as `[secrets.values]` names them: a variable of the environment, or a secret in AWS.

`env:NAME`, `secretsmanager:NAME` and `ssm:NAME` give the whole value; `#KEY` at the end gives one key of a JSON object.
`?stage=STAGE` reads another version of a secret than the current one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

SourceKind = Literal["env", "secretsmanager", "ssm"]
SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
SOURCE_PLACEHOLDERS = ("project", "env", "environment", "stack", "account_id", "region")
SOURCE_EXAMPLE = '"env:DB_PASSWORD", "secretsmanager:{project}/{env}/db" or "ssm:/{project}/{env}/db"'
# Compiled at the first use: most projects have no such table.
_PLACEHOLDER = r"\{(" + "|".join(SOURCE_PLACEHOLDERS) + r")\}"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_STAGE = r"[A-Za-z0-9_/+=.@-]{1,256}"
_ARN_PARTS = 7
_LONGEST_NAME = 2048
# What envctl, AWS, Terraform, a forge or the system itself read: taken away from them, they would stop working.
_RESERVED = (
    r"(AWS|ARM|AZURE|GOOGLE|CLOUDSDK|ENVCTL|TOFU|OPENTOFU|GITHUB|GITLAB|ACTIONS|RUNNER|CI|CODEBUILD|LD|PYTHON|SSH|XDG)"
    r"(_\w*)?|TF_(?!VAR_)\w*|PYTHON\w*|PATH|HOME|USER|SHELL|PWD|LANG|LC_\w*|TERM|TMPDIR|TEMP|TMP|TZ|(HTTPS?|NO)_PROXY"
)


@dataclass(frozen=True)
class SecretSource:
    """The source of one value."""

    kind: SourceKind
    name: str  # with placeholders, until `resolve_source` fills them
    key: str = ""  # key of the JSON object in the value; empty for the whole value
    stage: str = ""  # stage of a version in Secrets Manager; empty for the current one

    def __str__(self) -> str:
        stage, key = f"?stage={self.stage}" if self.stage else "", f"#{self.key}" if self.key else ""
        return f"{self.kind}:{self.name}{stage}{key}"


def parse_source(text: object) -> SecretSource:
    """Parse a source. The message of its ValueError continues a sentence after the key, and never quotes the text: it
    may be a secret in the wrong place.
    """
    kind, colon, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
    found = next((each for each in SOURCE_KINDS if each == kind), None)
    if found is None or not colon:
        raise ValueError(f"must say where its value is, such as {SOURCE_EXAMPLE}; envctl.toml must not hold the value")
    place, hash_, key = rest.partition("#")
    name, question, stage = place.partition("?stage=")
    if hash_ and not key:
        raise ValueError("must have a key after #, such as secretsmanager:NAME#password")
    if question and (found != "secretsmanager" or not re.fullmatch(_STAGE, stage)):
        raise ValueError("may have a stage for Secrets Manager alone, such as secretsmanager:NAME?stage=AWSPREVIOUS")
    source = SecretSource(found, name, key, stage)
    if fault := _find_name_fault(source):
        raise ValueError(fault)
    return source


def _find_name_fault(source: SecretSource) -> str:
    plain = re.sub(_PLACEHOLDER, "x", source.name)
    if "{" in plain or "}" in plain:
        return f"may contain {', '.join(f'{{{each}}}' for each in SOURCE_PLACEHOLDERS)} and no other braces"
    if not plain or len(plain) > _LONGEST_NAME or not plain.isprintable() or " " in plain:
        return f"must have a name after {source.kind}:"
    if source.kind == "env":
        return find_variable_fault(plain)
    if plain.startswith("arn:") and source.kind == "secretsmanager" and plain.count(":") >= _ARN_PARTS:
        return "must have the key of a JSON object after #, and not after the ARN"
    return ""


def find_variable_fault(name: str) -> str:
    """Return why a name can't be that of the environment variable of a secret; empty if it can."""
    if not re.fullmatch(_VARIABLE, name):
        return "must name an environment variable after env: letters, digits and _"
    if re.fullmatch(_RESERVED, name, re.ASCII | re.IGNORECASE):
        return "must name a variable of its own: other programs read this one, and would not get it any more"
    return ""


def resolve_source(source: SecretSource, values: Mapping[str, str]) -> SecretSource:
    """Return the source with its placeholders filled. Raises ValueError, naming one without a value."""

    def fill(found: re.Match[str]) -> str:
        if not values[found[1]]:
            raise ValueError(f"{{{found[1]}}} has no value")
        return values[found[1]]

    return replace(source, name=re.sub(_PLACEHOLDER, fill, source.name))


def flatten_sources(value: object) -> object:
    """Return the table with `STACK.VARIABLE` for a key that TOML has read as a table, as without quotes."""
    if not isinstance(value, Mapping):
        return value
    flat: dict[str, object] = {}
    for name, source in value.items():
        if isinstance(source, Mapping):
            flat |= {f"{name}.{variable}": each for variable, each in source.items()}
        else:
            flat[name] = source
    return flat
