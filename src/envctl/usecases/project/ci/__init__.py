"""Generated files of CI systems: `envctl ci`."""
