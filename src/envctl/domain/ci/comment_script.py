"""The script of the job that posts the comment of a pull or merge request."""

import re
from collections.abc import Mapping
from typing import Literal


def render_comment_script(texts: Mapping[str, str], forge: Literal["Github", "Gitlab"], indent: int) -> str:
    """Return the script for one forge, as lines of a block of YAML. It has one class for each forge."""
    script = re.sub(rf"(?ms)^class (?!{forge}\b).*?^(?=\S)", "", texts["comment.py"])
    lines = f"{script}\n\nmain({forge}(os.environ))".splitlines()
    return "\n".join(f"{' ' * indent}{line}".rstrip() for line in lines)
