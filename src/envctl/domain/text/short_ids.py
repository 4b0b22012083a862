"""What people call things that have a long name. A plan shows one, and needs nothing else of what knows guards."""


def short(release: str) -> str:
    """The twelve characters by which people call a release, or the fingerprint of a plan."""
    return release[:12]
