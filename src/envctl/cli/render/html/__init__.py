"""Results as a page of its own: one file that loads nothing and runs nothing."""
