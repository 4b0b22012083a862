"""Existence of a state, by the output of `terraform state pull`."""

import json


def is_state_written(pulled: str) -> bool:
    """Return whether the state was ever written. For a missing file Terraform prints no text, for a missing object in a
    bucket an empty state without lineage.
    """
    return bool(pulled.strip()) and bool(json.loads(pulled).get("lineage"))
