"""Values in Terraform's JSON syntax."""

from collections.abc import Mapping


def escape_templates(value: object) -> object:
    """Return the value for Terraform's JSON syntax, with `${` and `%{` escaped: strings are templates there."""
    match value:
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            return {escape_templates(str(key)): escape_templates(item) for key, item in value.items()}
        case list() | tuple():
            return [escape_templates(item) for item in value]
        case set() | frozenset():
            return [escape_templates(item) for item in sorted(value, key=repr)]
        case _:
            return value
