"""The examples of docs/ci-alarms.md do what the page says: a topic, PagerDuty, and a check that does not run."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.adapters.toml.reader import load_project
from envctl.cli.entry import run
from envctl.usecases.drift.drift import check_drift
from tests.cli.ci.github_shapes import GIT, PROJECT
from tests.docs.blocks import ROOT, blocks
from tests.e2e.organisation import adapt_to_moto
from tests.fakes.project_files import write_project
from tests.fakes.world import World
from tests.faults.site import Site, answer, serving
from tests.gitlab_jobs import parse_jobs
from tests.modules.applying import Account
from tests.programs import SYSTEM_PATH
from tests.usecases.steps import deploy_to_staging

PAGE = ROOT / "docs" / "ci-alarms.md"
PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
TOPIC_ACCOUNT, TOPIC_REGION = "444444444444", "ap-northeast-1"
PROGRAMS = Path(sys.executable).parent
# What the runner knows when a drift check has found drift.
EXPRESSIONS = {
    "steps.envctl.outputs.reason": "changes",
    "secrets.PAGERDUTY_KEY": "a" * 32,
    "github.server_url": "https://github.com",
    "github.repository": "acme/shop",
    "github.run_id": "17",
}


def find_fences(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE.read_text())


def write_repository(folder: Path) -> Path:
    """Write a project with all the tables of the page, and its files of GitHub and GitLab."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True, timeout=30)
    (folder / "modules" / "network").mkdir(parents=True)
    (folder / "modules" / "network" / "main.tf").write_text("")
    order = '["dev", "prod"]'
    more = f'\n[environments.dev]\n[environments.prod]\n[ci]\npackage = "{GIT}"\n'
    (folder / "envctl.toml").write_text(
        PROJECT.format(name="shop", order=order) + more + "\n".join(find_fences("toml"))
    )
    for system in ("github", "gitlab"):
        assert run(["ci", system, "--project", f"{folder}"]) == 0
    return folder


def find_step(folder: Path, job: str, name: str) -> Mapping[str, Any]:
    workflow = folder / ".github" / "workflows" / f"envctl-{job.partition('-')[0]}.yml"
    found: list[Mapping[str, Any]] = yaml.safe_load(workflow.read_text())["jobs"][job]["steps"]
    (step,) = (each for each in found if each["name"] == name)
    return step


def fill_env(step: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a step as the runner fills it."""
    return {
        name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: EXPRESSIONS[found[1]], text)
        for name, text in step["env"].items()
    }


def run_shell(script: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": f"{PROGRAMS}:{SYSTEM_PATH}", "HOME": f"{folder}", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "shop")


@pytest.fixture
def pagerduty() -> Iterator[Site]:
    with serving(Site()) as site:
        site.answers = [answer(202, b'{"status": "success"}')]
        yield site


def write_script(folder: Path, site: Site) -> None:
    """Write ci/page.sh of the page. It calls the site in place of PagerDuty."""
    (block,) = (each for each in blocks(PAGE) if each.marks.get("written to") == "ci/page.sh")
    assert block.text.count(PAGERDUTY) == 1
    (folder / "ci").mkdir(exist_ok=True)
    (folder / "ci" / "page.sh").write_text(block.text.replace(PAGERDUTY, f"{site.url}/v2/enqueue"))


def list_events(site: Site) -> list[dict[str, Any]]:
    found = []
    for request in site.requests:
        head, _, body = request.partition("\r\n\r\n")
        assert head.startswith("POST /v2/enqueue HTTP/1.1\r\n")
        assert "content-type: application/json" in head.lower()
        found.append(json.loads(body))
    return found


class TestPagerDuty:
    def test_step_of_github_opens_an_incident(self, repository: Path, pagerduty: Site) -> None:
        write_script(repository, pagerduty)
        for job in ("drift", "deploy-prod", "operate-prod"):
            step = find_step(repository, job, "Page the operator")
            runner = {"GITHUB_JOB": job, "GITHUB_RUN_ID": "17"}
            done = run_shell(step["run"], repository, **runner, **fill_env(step))
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
            assert list_events(pagerduty)[-1] == {
                "routing_key": "a" * 32,
                "event_action": "trigger",
                "dedup_key": "envctl shop",
                "payload": {
                    "summary": f"envctl, job {job}: changes, run 17",
                    "source": "envctl",
                    "severity": "error",
                },
            }
        assert "Page the operator" not in (repository / ".github" / "workflows" / "envctl-plan.yml").read_text()

    def test_refused_event_fails_the_step(self, repository: Path, pagerduty: Site) -> None:
        write_script(repository, pagerduty)
        pagerduty.answers = [answer(400, b"{}")]
        assert run_shell('sh ci/page.sh "drift"', repository, PAGERDUTY_KEY="a").returncode != 0

    @pytest.mark.parametrize(("reason", "count"), [("changes", 1), ("failed", 1), ("done", 0), ("refused", 0)])
    def test_line_of_gitlab_pages_by_result(self, repository: Path, pagerduty: Site, reason: str, count: int) -> None:
        write_script(repository, pagerduty)
        job = parse_jobs((repository / ".gitlab" / "envctl.gitlab-ci.yml").read_text())["envctl drift"]
        (repository / ".envctl").mkdir(exist_ok=True)
        (repository / ".envctl" / "outcome.env").write_text(f"reason={reason}\n")
        variables = {"CI_PROJECT_DIR": f"{repository}", "CI_JOB_ID": "7", "CI_JOB_NAME": "envctl drift"}
        status = "success" if reason == "done" else "failed"
        script = "\n".join(job["after_script"])
        done = run_shell(script, repository, PAGERDUTY_KEY="a", CI_JOB_STATUS=status, **variables)
        assert done.returncode == 0, done.stderr
        texts = [event["payload"]["summary"] for event in list_events(pagerduty)]
        assert texts == [f"envctl, envctl drift: {'drift' if reason == 'changes' else reason}, job 7"] * count


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[RunningSandbox]:
    sandbox = Sandbox(tmp_path / "aws")
    yield sandbox.start()
    sandbox.stop()


def create_roles(account: Account, policy: str) -> dict[str, dict[str, str]]:
    """Create the role for alarms and a role without permissions, and return their credentials."""
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{TOPIC_ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    for name in ("envctl-alarms", "other"):
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName="envctl-alarms", PolicyName="send", PolicyDocument=policy)
    sts = account.client("sts")
    return {
        name: sts.assume_role(RoleArn=f"arn:aws:iam::{TOPIC_ACCOUNT}:role/{name}", RoleSessionName="job")["Credentials"]
        for name in ("envctl-alarms", "other")
    }


@pytest.mark.sandbox
@pytest.mark.slow
def test_step_of_github_sends_to_topic_with_permission_of_page(repository: Path, aws: RunningSandbox) -> None:
    account = Account(aws, TOPIC_ACCOUNT)
    sns, sqs = (account.client(service, TOPIC_REGION) for service in ("sns", "sqs"))
    topic = sns.create_topic(Name="envctl-alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    (policy,) = find_fences("json")
    assert json.loads(policy)["Statement"][0]["Resource"] == topic
    roles = create_roles(account, json.dumps(adapt_to_moto(json.loads(policy))))
    step = find_step(repository, "drift", "Send the alarm")
    assert step["env"]["TOPIC"] == topic
    _enforce_permissions(aws)
    # Both variables, as the action of the step before sets them.
    region = {"AWS_REGION": TOPIC_REGION, "AWS_DEFAULT_REGION": TOPIC_REGION}
    surroundings = aws.build_child_variables() | fill_env(step) | region
    for name, code in (("other", 255), ("envctl-alarms", 0)):
        keys = {
            "AWS_ACCESS_KEY_ID": roles[name]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": roles[name]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": roles[name]["SessionToken"],
        }
        done = run_shell(step["run"], repository, **(surroundings | keys))
        assert done.returncode == code, done.stdout + done.stderr
        assert code == 0 or "not authorized to perform: sns:Publish" in done.stderr
    _enforce_permissions(aws, after="inf")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(message["Body"])
    assert (told["Subject"], told["Message"]) == (
        "envctl drift: changes",
        "See https://github.com/acme/shop/actions/runs/17",
    )


def _enforce_permissions(aws: RunningSandbox, after: str = "0") -> None:
    """Enforce permissions after that number of requests."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url, plain = f"{aws.moto_url}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    request = urllib.request.Request(url, after.encode(), plain, method="POST")
    with opener.open(request, timeout=10) as reply:
        assert reply.status == 200


class TestNoCheck:
    @pytest.fixture
    def clone(self, tmp_path: Path) -> Path:
        """The clone of a repository whose store says that dev was checked two hours ago."""
        world = World()
        world.clock.time = datetime.now(UTC) - timedelta(hours=3)
        deploy_to_staging(world)
        check_drift(world.ports)
        origin, clone = tmp_path / "origin", tmp_path / "clone"
        write_project(origin)
        commands = (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "all"))
        person = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        for words in commands:
            subprocess.run(["git", *person, *words], cwd=origin, check=True, timeout=30)
        subprocess.run(["git", "clone", "--quiet", origin, clone], check=True, timeout=30)
        for key, data in world.store.content.items():
            file = clone / ".envctl" / "store" / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return clone

    @pytest.mark.slow
    def test_line_of_cron_pages_if_check_is_missing(self, clone: Path, pagerduty: Site) -> None:
        write_script(clone, pagerduty)
        (table,) = find_fences("text")
        line = table.splitlines()[-1].removeprefix("0 7 * * * ").replace("/srv/shop", f"{clone}")
        assert line.count("26h") == 1
        for age, count in (("26h", 0), ("1h", 1)):
            done = run_shell(line.replace("26h", age), clone, PAGERDUTY_KEY="a")
            assert done.returncode == 0, done.stderr
            assert len(pagerduty.requests) == count, done.stderr
        assert "E329" in done.stderr
        assert list_events(pagerduty)[0]["payload"]["summary"] == "envctl: no drift check for 26 hours"
        (clone / ".envctl" / "store" / "ledger" / "0000000001.json").write_text("damaged")
        run_shell(line, clone, PAGERDUTY_KEY="a")
        assert len(pagerduty.requests) == 2, "a store that can't be read is no good news"


def test_tables_of_page_are_one_project(repository: Path) -> None:
    project = load_project((repository / "envctl.toml").read_bytes())
    assert [step.when for step in project.ci.github.after] == [
        ("drift", "failed"),
        ("drift", "failed"),
        ("drift", "refused", "failed"),
    ]


@pytest.mark.parametrize("look", [("actionlint",), ("zizmor", "--offline", "--persona", "auditor", ".github")], ids=str)
def test_linters_have_nothing_to_say(repository: Path, look: tuple[str, ...]) -> None:
    program, *words = look
    done = subprocess.run(
        [PROGRAMS / program, *words], cwd=repository, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_script_names_key_on_no_command_line() -> None:
    (block,) = (each for each in blocks(PAGE) if "written to" in each.marks)
    command, _, document = block.text.partition("<<EOF")
    assert "KEY" not in command
    assert "$PAGERDUTY_KEY" in document
