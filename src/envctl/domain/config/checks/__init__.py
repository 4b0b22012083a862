"""The table of checks: each kind, and the URLs that it may ask."""
