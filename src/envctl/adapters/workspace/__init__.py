"""The project's folder and the working directories below `.envctl/`."""
