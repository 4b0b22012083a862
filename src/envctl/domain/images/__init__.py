"""Container images: references and manifests."""
