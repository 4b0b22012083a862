"""What this process holds open, so that a test can say: nothing new."""

import gc
import warnings
from collections import Counter
from pathlib import Path


def count_descriptors() -> Counter[str]:
    """Count what the open descriptors point to.

    A number says nothing: the collector may close a descriptor of an earlier test, and its number is used again.
    So a test takes the counts of before from those of after (`after - before`), and what is left is new.
    """
    with warnings.catch_warnings():
        # What the collector finds here is of earlier tests: a keeper may outlive its test, for example.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    found: Counter[str] = Counter()
    for each in Path("/proc/self/fd").iterdir():
        try:
            found[str(each.readlink())] += 1
        except FileNotFoundError:
            continue  # the descriptor of this very loop
    return found
