"""Input besides arguments: typed or piped."""
