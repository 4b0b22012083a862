"""The tables `[ci.*]`: what the generated files of each CI system hold."""
