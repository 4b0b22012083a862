"""The checks of `envctl doctor`. Each function yields rows, and a failed check hides no other."""
