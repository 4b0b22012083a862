"""What a person types or pipes in besides arguments."""
