"""What is shown while a command works, and the questions that it asks."""
