"""What `terraform state pull` says of a state that is there, and of one that is not."""

import json

import pytest

from envctl.adapters.terraform.state.written_state import is_state_written

EMPTY = {"version": 4, "terraform_version": "1.15.5", "outputs": {}, "resources": [], "check_results": None}
SAID = {
    "no file on disk": ("", False),
    "an empty file on disk": ("\n", False),
    "no object in a bucket": (json.dumps(EMPTY | {"serial": 0, "lineage": ""}, indent=2), False),
    "one that holds nothing any more": (json.dumps(EMPTY | {"serial": 7, "lineage": "0c1e7e5a"}, indent=2), True),
}


@pytest.mark.parametrize(("pulled", "there"), SAID.values(), ids=SAID.keys())
def test_a_state_is_there(pulled: str, there: bool) -> None:
    assert is_state_written(pulled) is there
