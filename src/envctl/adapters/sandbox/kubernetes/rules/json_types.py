"""The types of JSON in the words of Go."""


def name_type(value: object) -> str:
    """Return the type of a part of JSON as Go names it in messages."""
    if isinstance(value, bool):
        return "bool"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}.get(type(value), "null")
