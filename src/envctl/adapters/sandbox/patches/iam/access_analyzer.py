"""IAM Access Analyzer: a service that moto does not have."""

import re
import sys

from envctl.adapters.sandbox.patches.patch import Patch


def _apply() -> None:
    from moto import backend_index

    from envctl.adapters.sandbox.patches.iam import access_analyzer_service as service

    # moto finds a service by the pattern of its host, and then imports a module of its name.
    sys.modules[f"moto.{service.SERVICE}"] = service
    backend_index.backend_url_patterns.append((service.SERVICE, re.compile(service.HOST)))


PATCH = Patch(
    name="iam-access-analyzer",
    # Nothing is asked before STS has said whose credentials they are, so it is there in time.
    service="sts",
    gap="moto does not know IAM Access Analyzer, so no analyzer can be created",
    apply=_apply,
)
