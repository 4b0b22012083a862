"""The official packages of Terraform and OpenTofu: fetched, checked by signature and digest, and unpacked.

Begin with `official_packages.py`. Out of scope: what runs, which `process/program_finder.py` compares with the pin.
"""
