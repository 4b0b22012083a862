"""Progress output of running commands, and questions on the terminal."""
