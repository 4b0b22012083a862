"""Adapters to the project folder and the working directories below `.envctl/`."""
