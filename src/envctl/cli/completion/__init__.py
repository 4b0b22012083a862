"""Shell completion of environments, stacks, releases and gates."""
