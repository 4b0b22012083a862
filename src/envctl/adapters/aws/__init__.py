"""AWS, where it is called by envctl itself."""
