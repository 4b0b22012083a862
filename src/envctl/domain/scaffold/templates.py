"""What `envctl init` begins a project from. Each template is a real project, with words in it that stand for those of
whoever begins: one name, one region, one account for each environment.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TemplateName = Literal["minimal", "web", "ecs", "eks", "platform"]


@dataclass(frozen=True)
class Template:
    """`told` is what it holds, in a line. `parts` are folders that come with it, besides the modules of its stacks, by
    where they lie in a project.
    """

    told: str
    parts: Mapping[str, str] = field(default_factory=dict)


TEMPLATES: dict[str, Template] = {
    "minimal": Template("a network, and one approval before prod"),
    "web": Template("a network, and a container on instances that heal and scale"),
    "ecs": Template("a service on Fargate with its application, alarms and a budget", {"app": "app"}),
    "eks": Template("a Kubernetes cluster, and manifests for what runs in it", {"kubernetes": "modules/eks/examples"}),
    "platform": Template("all modules together, as envctl's own repository runs them", {"app": "app"}),
}
USUAL = "web"

# The words of the templates.
NAME = "shop"
REGION = "ap-northeast-1"
RECOVERY_REGION = "ap-northeast-3"

# For copies of what must not be lost: another region under the same law.
PARTNERS = {
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

LONGEST_NAME = 20
_NAME = r"[a-z]([a-z0-9-]*[a-z0-9])?"
_REGION = r"[a-z]{2}(-[a-z]+)+-\d+"
_ACCOUNT = r"\d{12}"


def wrong_name(name: str) -> str:
    """What is wrong with it as the name of a project, or an empty text. The modules make names of resources of it, and
    refuse what AWS would not take.
    """
    if len(name) <= LONGEST_NAME and re.fullmatch(_NAME, name, re.ASCII):
        return ""
    what = f"a lower-case letter and then lower-case letters, digits and hyphens, at most {LONGEST_NAME} in all"
    return f"{name!r} is no name of a project, which is {what}"


def mended(name: str) -> str:
    """The nearest name that could be taken."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower(), flags=re.ASCII)
    return text.lstrip("-0123456789")[:LONGEST_NAME].rstrip("-") or NAME


def wrong_template(name: str) -> str:
    return "" if name in TEMPLATES else f"there is no template {name!r}; there are {', '.join(TEMPLATES)}"


def wrong_region(region: str) -> str:
    return "" if re.fullmatch(_REGION, region, re.ASCII) else f"{region!r} is no AWS region, such as {REGION}"


def wrong_account(account: str) -> str:
    return "" if re.fullmatch(_ACCOUNT, account, re.ASCII) else f"{account!r} is no AWS account id, which is 12 digits"


def filled(data: bytes, words: Mapping[str, str]) -> bytes:
    """The text with each word replaced where it stands alone, all at once: one may be replaced by another. What is no
    text stays as it is.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    either = "|".join(map(re.escape, words))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", lambda found: words[found[0]], text).encode()
