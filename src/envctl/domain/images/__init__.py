"""Container images: references and manifests.

Begin with `image_reference.py`: `Image`. Out of scope: requests to registries (`adapters/registry/`).
"""
