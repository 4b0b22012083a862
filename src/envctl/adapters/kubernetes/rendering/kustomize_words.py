"""What kustomize says about a failure, without the way to it and without the code that it quotes."""

import re

_NOISE = (
    r"accumulat(?:ing|ion) \w+: |accumulat\w+ resources from '[^']*': |accumulation err='"
    r"|'[^']*' must resolve to a file': "
)
"""Words of kustomize about the way to a fault."""
_DUMP = (
    r"`[^`]*`|(?<=from )\[.*\]|map\[\w+(?: \{\})?\]interface \{\}\{.*\}(?=:)"
    r"|\[.*\](?=: invalid literal)|(?<=literal source ).*(?=, expected)"
)
"""Code and values in words of kustomize."""


def shorten_words(said: str) -> str:
    """Return the words in one line. kustomize quotes whole objects and patches, with all their values: they go."""
    return re.sub(_DUMP, "…", re.sub(_NOISE, "", " ".join(said.split())))
