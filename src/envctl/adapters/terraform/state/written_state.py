"""Existence of a state, by the output of `terraform state pull`."""

import json


def is_state_written(pulled: str, workspace: str = "") -> bool:
    """Return whether the state was ever written. For a missing file Terraform prints no text, for a missing object in a
    bucket an empty state without lineage. In a workspace that does not exist, Terraform first writes an empty one.
    """
    state = json.loads(pulled) if pulled.strip() else {}
    is_new = state.get("serial", 0) <= 1 and not state.get("resources") and not state.get("outputs")
    return bool(state.get("lineage")) and not (workspace and is_new)
