"""Requirements of an environment on a change, as values: rules and change windows."""
