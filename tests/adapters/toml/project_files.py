"""Project files: a good one, one with rules, and what is said about bad ones."""

import re

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.exit_codes import ExitCode

GOOD = """\
[project]
name = "shop"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
account_id = "111111111111"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"

[environments.staging]
account_id = "222222222222"

[environments.prod.gates]
approvals = { peer = 1, business = 2 }

[stacks.network]
module = "modules/vpc"

[stacks.web]
module = "modules/ec2_instance"
inputs = { vpc_id = "network.vpc_id", subnet_id = "network.private_subnet_ids[0]" }

[artifacts]
app_image = { variable = "image", kind = "oci" }
"""


def read_cases(text: str) -> dict[str, tuple[str, ...]]:
    """Returns by its name what each case replaces, what with, in which line, and what is said. Each is written as
    `NAME: OLD => NEW @ LINE ~ SAID ~ HINT`, in however many lines. A newline of the project file is `\\n`.
    """
    found = {}
    for case in re.sub(r"\n +", " ", text.strip()).splitlines():
        change, *said = case.split(" ~ ")
        name, old, new, at = re.fullmatch(r"(.+?): (.+?) => (.*) @ (.+)", change).groups()  # type: ignore[union-attr]
        found[name] = tuple(part.replace("\\n", "\n") for part in (old, new, at, *said))
    return found


def problems_of(text: str | bytes) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        load_project(text if isinstance(text, bytes) else text.encode())
    assert caught.value.exit_code == ExitCode.CONFIGURATION
    return list(caught.value.problems)


def line_of(text: str, part: str) -> str:
    return f"envctl.toml:{text[: text.index(part)].count(chr(10)) + 1}"


RULED = (
    GOOD.replace(
        "[environments.prod.gates]\n",
        """\
[environments.prod]
protected = true
max_destroys = 0

[environments.prod.gates]
self_approval = true
expires = "8h"
soak = "1d12h"
max_age = "2w"
waivable = ["soak", "G107", "approvals"]
committed = true
rehearsed = "refuse"
windows = [
  { kind = "deny", name = "year end", start = "2026-12-20", end = "2027-01-04T06:30", tz = "Asia/Tokyo" },
  # the office, and a deployment on a Saturday
  { kind = "allow", name = "office", days = ["mon", "tue"], from = "09:00", to = "17:30", tz = "Europe/Berlin" },
  { kind = "allow", name = "whole saturdays", days = ["sat"], from = "00:00", to = "24:00" },
]
""",
    )
    + """
[parity]
may_differ = ["size", "instance_count"]

[protection]
stateful = ["aws_instance", "postgresql_database"]

[checks.http]
url = "output:web.url"
path = "/healthz"

[checks.smoke]
kind = "command"
command = ["pytest", "tests/smoke"]
environments = ["dev", "staging"]

[checks.zones]
kind = "output"
output = "network.zones"
equals = ["a", "b"]
"""
)
