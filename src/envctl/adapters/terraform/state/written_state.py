"""Whether there is a state, by what `terraform state pull` says of it."""

import json


def was_written(pulled: str) -> bool:
    """Of a file that is not there Terraform says nothing; of an object in a bucket it makes up a state that is empty.
    Only one that was ever written has a lineage.
    """
    return bool(pulled.strip()) and bool(json.loads(pulled).get("lineage"))
