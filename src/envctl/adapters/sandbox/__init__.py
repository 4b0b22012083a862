"""An AWS of its own for trying things out: moto behind a TLS proxy on loopback, reached by the environment alone."""
