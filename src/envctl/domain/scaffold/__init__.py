"""What `envctl init` and `envctl ci` write."""
