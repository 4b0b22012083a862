"""JSON Schemas of what `--json` prints, made of the types of the results. `make schemas` writes them."""
