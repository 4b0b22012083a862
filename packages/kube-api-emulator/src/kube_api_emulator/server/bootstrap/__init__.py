"""What the API server itself writes into its cluster."""
