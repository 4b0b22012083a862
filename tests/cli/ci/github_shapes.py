"""Repositories of three shapes, with the workflows that `envctl ci github` writes for them."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from envctl.cli.entry import run

COMMIT, HASH = "0123456789abcdef0123456789abcdef01234567", "0123456789abcdef" * 4
GIT = f"git+https://github.com/acme/envctl@{COMMIT}"
WHEEL = f"https://files.acme.dev/envctl_promotion-0.1.0-py3-none-any.whl#sha256={HASH}"
PROJECT = """
[project]
name = "{name}"

[store]
url = "s3://acme-envctl-store/{name}"
region = "ap-northeast-1"

[pipeline]
order = {order}

[stacks.network]
module = "modules/network"
"""
REVIEWED = """
[environments.dev]
[environments.staging.gates]
approvals = {}
[environments.prod.gates]
approvals = { peer = 1 }
reviewers = "peer"
"""
APPROVAL_ROLE = "arn:aws:iam::444444444444:role/envctl-ci-prod-approval"
PEOPLE = (
    REVIEWED
    + """
[environments.prod]
account_id = "333333333333"
region = "ap-northeast-1"
protected = true
signing_key = "alias/envctl-prod"
approval_signing_key = "arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-prod"
"""
)
OWN_RUNNERS = """
[ci.github]
branch = "trunk"
runs_on = ["self-hosted", "linux", "envctl"]
python = "/opt/python/bin/python3.12"
cron = "5 1 * * 1-5"
queue = false
waiting = "failed"
secrets = ["DATADOG_API_KEY"]
env = { DATADOG_SITE = "datadoghq.eu" }
environments = { prod = "production" }
timeouts = { plan = "90m", deploy = "4h" }

[ci.github.roles]
plan = "arn:aws:iam::444444444444:role/envctl-ci-plan"
drift = "arn:aws:iam::444444444444:role/envctl-ci-drift"
dev = "arn:aws:iam::444444444444:role/envctl-ci-dev"
staging = "arn:aws:iam::444444444444:role/envctl-ci-staging"
prod = "arn:aws:iam::444444444444:role/envctl-ci-prod"

[[ci.github.before]]
name = "Read the modules of the team"
run = \"\"\"
git config --global url."https://git.acme.dev/".insteadOf "ssh://git@git.acme.dev/"
test -n "$MODULES_TOKEN"
\"\"\"
env = { MODULES_TOKEN = "${{ secrets.MODULES_TOKEN }}" }
jobs = ["deploy", "operate"]

[[ci.github.after]]
name = "Tell the team"
uses = "acme/notify@0123456789abcdef0123456789abcdef01234567 # v2.1.0"
with = { channel = "deployments" }
jobs = ["deploy"]

[[ci.github.after]]
name = "Take the role for alarms"
uses = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"
with = { role-to-assume = "arn:aws:iam::444444444444:role/envctl-alarms", aws-region = "ap-northeast-1" }
when = ["drift", "failed"]
jobs = ["drift"]

[[ci.github.after]]
name = "Page"
run = \"\"\"
curl --fail --data "$RESULT" --header "Authorization: $PAGER_KEY" https://pager.acme.dev
\"\"\"
env = { PAGER_KEY = "${{ secrets.PAGER_KEY }}", RESULT = "${{ steps.envctl.outputs.reason }}" }
when = ["changes", "drift", "refused", "failed"]
"""
THREE = '["dev", "staging", "prod"]'


def write(name: str, package: str, environments: str, order: str = THREE, more: str = "") -> str:
    return f'{PROJECT.format(name=name, order=order)}{environments}\n[ci]\npackage = "{package}"\n{more}'


SHAPES: Mapping[str, Mapping[str, str]] = {
    "plain": {"": write("shop", GIT, REVIEWED)},
    "two projects": {
        "infra/shop": write("shop", GIT, REVIEWED),
        "infra/billing": write("billing", GIT, REVIEWED, more='[ci.github]\nprefix = "billing"\n'),
    },
    "own runners": {"": write("shop", WHEEL, REVIEWED, more=OWN_RUNNERS)},
    "a key for people": {
        "": write("shop", GIT, PEOPLE, more=f'[ci.github.roles]\nprod-approval = "{APPROVAL_ROLE}"\n')
    },
    "odd names": {
        "": write(
            "shop",
            GIT,
            """
[environments.no]
[environments.on.gates]
approvals = { peer = 1 }
reviewers = "peer"
[environments.plan-on.gates]
approvals = { null = 1 }
reviewers = "null"
""",
            '["no", "on", "plan-on"]',
            '[ci.github]\nenv = { YES = "on", ODD = "a: b # c ${HOME}" }\n',
        )
    },
}


def make_repository(top: Path, shape: str) -> Path:
    return shutil.copytree(_make_once(shape), top, dirs_exist_ok=True)


@cache
def _make_once(shape: str) -> Path:
    top = Path(tempfile.mkdtemp(prefix="envctl-repository-"))
    atexit.register(shutil.rmtree, top, ignore_errors=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", top], check=True, timeout=30)
    for folder, text in SHAPES[shape].items():
        project = top / folder
        (project / "modules" / "network").mkdir(parents=True)
        (project / "modules" / "network" / "main.tf").write_text("")
        (project / "envctl.toml").write_text(text)
        assert run(["ci", "github", "--project", f"{project}"]) == 0
    # Labels of own runners are a matter of the team, which tells them actionlint there.
    (top / ".github" / "actionlint.yaml").write_text("self-hosted-runner:\n  labels: [envctl]\n")
    return top


def list_workflows(top: Path) -> list[Path]:
    return sorted((top / ".github" / "workflows").iterdir())
