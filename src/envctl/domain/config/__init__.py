"""The tables of `envctl.toml` as validated values."""
