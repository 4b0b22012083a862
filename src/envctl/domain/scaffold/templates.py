"""Templates of `envctl init`: working projects with placeholders for name, region and accounts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.text.suggestions import find_nearest

TemplateName = Literal["minimal", "web", "ecs", "eks", "platform"]


@dataclass(frozen=True)
class Template:
    """A template. `parts` are its folders besides modules, from path in the new project to source."""

    description: str
    parts: Mapping[str, str] = field(default_factory=dict)


TEMPLATES: dict[str, Template] = {
    "minimal": Template("a network, and one approval before prod"),
    "web": Template("a network, and a container on self-healing, scaling instances"),
    "ecs": Template("a service on Fargate with its application, alarms and a budget", {"app": "app"}),
    "eks": Template(
        "a Kubernetes cluster with its application", {"app": "app", "charts": "charts", "kubernetes": "kubernetes"}
    ),
    "platform": Template(
        "all modules together, as in envctl's own repository",
        # The module of a stack that is commented out at first.
        {"app": "app", "charts": "charts", "kubernetes": "kubernetes", "modules/eks": "modules/eks"},
    ),
}
DEFAULT_TEMPLATE = "web"

# Placeholder words in the templates.
PLACEHOLDER_NAME = "shop"
PLACEHOLDER_REGION = "ap-northeast-1"
PLACEHOLDER_RECOVERY_REGION = "ap-northeast-3"

# Regions for backups: another region under the same jurisdiction.
RECOVERY_REGIONS = {
    "ap-northeast-1": "ap-northeast-3",
    "ap-northeast-3": "ap-northeast-1",
    "ap-south-1": "ap-south-2",
    "ap-southeast-2": "ap-southeast-4",
    "ca-central-1": "ca-west-1",
    "eu-central-1": "eu-west-1",
    "eu-west-1": "eu-central-1",
    "us-east-1": "us-west-2",
    "us-east-2": "us-west-2",
    "us-west-2": "us-east-1",
}

MAX_NAME_LENGTH = 20


def find_name_fault(name: str) -> str:
    """Return the fault of a project name; empty if valid. Modules derive names of AWS resources from it."""
    if len(name) <= MAX_NAME_LENGTH and re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name, re.ASCII):
        return ""
    rule = f"a lower-case letter and then lower-case letters, digits and hyphens, at most {MAX_NAME_LENGTH} in all"
    return f"{name!r} is not a valid project name: {rule}"


def to_valid_name(name: str) -> str:
    """Return the nearest valid project name."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower(), flags=re.ASCII)
    return text.lstrip("-0123456789")[:MAX_NAME_LENGTH].rstrip("-") or PLACEHOLDER_NAME


def find_template_fault(name: str) -> str:
    return "" if name in TEMPLATES else f"there is no template {name!r}; there are {', '.join(TEMPLATES)}"


def find_region_fault(region: str) -> str:
    # Imported late, as below: the help of `init` imports this file, and needs no models.
    from envctl.domain.config.regions import REGIONS

    if region in REGIONS:
        return ""
    near = find_nearest(region, REGIONS)
    meant = f"; did you mean {near}?" if near else f", such as {PLACEHOLDER_REGION}"
    return f"{region!r} is not an AWS region that envctl knows{meant}"


def suggest_region(region: str) -> str:
    from envctl.domain.config.regions import REGIONS

    return find_nearest(region, REGIONS) or PLACEHOLDER_REGION


def find_account_fault(account: str) -> str:
    return "" if re.fullmatch(r"\d{12}", account, re.ASCII) else f"{account!r} is not an AWS account id of 12 digits"


def replace_words(data: bytes, words: Mapping[str, str]) -> bytes:
    """Return the text with whole words replaced in one pass; binary data is returned unchanged."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    either = "|".join(map(re.escape, words))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", lambda found: words[found[0]], text).encode()
