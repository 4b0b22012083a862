"""The tables of `envctl.toml`, as values that were checked."""
