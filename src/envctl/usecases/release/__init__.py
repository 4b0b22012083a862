"""Releases in the store, and their documents; the choice of the release to deploy.

Begin with `deploy_request.py`: `build_promotion`. Out of scope: deployments, which are in `usecases/deployment/`.
"""
