"""Templates of `envctl init`."""
