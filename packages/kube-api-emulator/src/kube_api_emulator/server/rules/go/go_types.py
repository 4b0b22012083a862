"""What the Go types of kube-apiserver write for a field that has no value.

The data has a code for each field that is no pointer, and for some that are:

- `es`, `eb`, `en`: a text, a boolean or a number, which is left out when it is empty, false or 0
- `zs`, `zb`, `zn`: the same, but always written
- `N`: a list or a map that is written as null if there is none
- `P`: a pointer that is written as null if there is none
- `S`: a struct, always written
- `T`, `Q`, `I`: a time, an amount, a number or text: written as null, "0" and 0

Source: none; this is a helper that reads what tools/pack_go_types.py has packed.
"""

import copy
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.schemas.schemas import Schema
from kube_api_emulator.server.rules.schema_parts import name_definition

Codes = Mapping[str, str]

_NONE: Codes = {}
_SCALARS: Mapping[str, Any] = {"s": "", "b": False, "n": 0}
_ZEROS: Mapping[str, Any] = {"N": None, "P": None, "T": None, "Q": "0", "I": 0}


class GoTypes:
    """The fields of the structs of one Kubernetes version."""

    def __init__(self, structs: Mapping[str, Codes]) -> None:
        self._structs = structs

    def find_codes(self, schema: Schema) -> Codes:
        """Return the codes of the fields of a definition."""
        definition = name_definition(schema)
        return self._structs.get(".".join(definition.split(".")[-3:]), _NONE) if definition else _NONE

    def is_unset(self, schema: Schema, name: str, value: object) -> bool:
        """Return whether a field counts as one without a value, which gets a default."""
        if value is None or value == []:
            return True
        code = self.find_codes(schema).get(name, "")
        return code[:1] in ("e", "z") and value == _SCALARS[code[1]]


def is_left_out(code: str, value: object) -> bool:
    """Return whether an empty value of a field with this code is not written."""
    return code[:1] == "e" and value == _SCALARS[code[1]]


def get_zero(code: str) -> Any:  # noqa: ANN401 (a part of JSON)
    """Return what is written for a field with this code, which is no struct and has no value."""
    return _SCALARS[code[1]] if code[:1] == "z" else copy.copy(_ZEROS[code])
