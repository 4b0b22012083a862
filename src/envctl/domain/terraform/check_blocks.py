"""Search of code for `check` blocks."""

import re

# A header stands on one line. A comment that looks like one costs a plan.
_HEADER = re.compile(rb'\bcheck\b[^\n]*\{|"check"\s*:')


def may_have_check_blocks(path: str, data: bytes) -> bool:
    """Tell whether a file of code may have check blocks."""
    return path.endswith((".tf", ".tofu", ".tf.json", ".tofu.json")) and bool(_HEADER.search(data))
