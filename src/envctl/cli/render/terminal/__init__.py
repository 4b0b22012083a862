"""What is printed on a terminal by results and by progress: text, columns, problems, and plans."""
