"""Where the requests of a stack are, and how that is rendered into its root module."""
