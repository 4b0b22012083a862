"""The commands, one a file, in packages by theme."""
