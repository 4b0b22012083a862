"""Access to files that users may have made: safe reads and writes, and errors of the disk."""
