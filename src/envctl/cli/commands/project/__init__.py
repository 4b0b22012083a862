"""Commands on the files of a project, and on what it needs."""
