"""IAM Access Analyzer: registration of a service missing in moto."""

import re
import sys

from aws_api_emulator.patches.patch import Patch


def _apply() -> None:
    from moto import backend_index

    from aws_api_emulator.patches.iam import access_analyzer_service as service

    # moto finds a service by its host pattern, and imports a module of its name.
    sys.modules[f"moto.{service.SERVICE}"] = service
    backend_index.backend_url_patterns.append((service.SERVICE, re.compile(service.HOST)))


# Clients call STS first to identify their credentials: the service is registered in time.
PATCH = Patch("iam-access-analyzer", "sts", _apply)
"""moto does not know IAM Access Analyzer, so no analyzer can be created."""
