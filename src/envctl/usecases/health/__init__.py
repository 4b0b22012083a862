"""What `envctl doctor` looks at: each check is a function that gives rows, and one that fails hides no other."""
