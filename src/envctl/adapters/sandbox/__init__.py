"""The embedded AWS for trials: moto behind a TLS proxy on loopback, reached through environment variables only."""
