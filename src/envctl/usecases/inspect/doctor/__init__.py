"""The checks of `envctl doctor`. Each is a function that returns rows, so a failed check hides no other."""
