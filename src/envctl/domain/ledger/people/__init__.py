"""Who acts: principals, names of one person, and ARNs of roles."""
