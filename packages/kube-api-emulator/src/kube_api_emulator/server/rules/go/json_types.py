"""The types of JSON in the words of Go.

Source: none; this is a helper of rules that show values in the syntax of Go.
"""


def name_type(value: object) -> str:
    """Return the type of a part of JSON as Go names it in messages."""
    if isinstance(value, bool):
        return "bool"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}.get(type(value), "null")


def format_go(value: object) -> str:
    """Return a part of JSON as Go prints it: `map[name:web]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{format_go(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(format_go(each) for each in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "<nil>", True: "true", False: "false"}[value]
    return str(value)


def name_go_type(value: object) -> str:
    """Return the Go type of a part of JSON: `[]interface {}`."""
    named = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}"}
    return named.get(type(value), "map[string]interface {}" if isinstance(value, dict) else "<nil>")
