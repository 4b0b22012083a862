"""Short forms of long identifiers."""


def shorten_id(release: str) -> str:
    """Return the first twelve characters of a release or of the fingerprint of a plan."""
    return release[:12]
