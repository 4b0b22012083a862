"""Small controllers: what a cluster does with objects by itself, within a moment."""
