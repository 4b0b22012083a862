"""JSON Schemas of `--json`, generated from the result types by `make schemas`."""
