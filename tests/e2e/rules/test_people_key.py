"""Generated workflows, documented permissions and a signed project with a key for people, all together: each job signs
what is its own, and no job signs for another. Behind enforced IAM and trust policies, with a GitHub of the tests.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from envctl.domain.config.signing_keys import KEY_FIELDS
from envctl.domain.ledger.entries import Entry, decode_entry
from envctl.domain.ledger.events import DriftChecked, HoldSet, WaiverUsed
from envctl.domain.ledger.key_roles import KEY_ROLES, is_look
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import parse_public_keys
from tests.adapters.forge.github_server import GithubServer, github
from tests.e2e.conftest import ACCOUNTS, REGION, CommandResult, Project
from tests.e2e.organisation import MODULE, STORE, TOOLS, Organisation, load_policies, move_to_account, open_organisation
from tests.e2e.rules.generated_run import GeneratedRun
from tests.e2e.rules.test_job_roles import PROVIDER, READ_RESOURCES, WITH_LOOK_ROLES, allow_job, trust_job, trust_roles

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
APPROVAL = "prod-approval"
JOBS = ("plan", "drift", *ACCOUNTS, APPROVAL)
ROLES = "\n".join(f'{name} = "arn:aws:iam::{TOOLS}:role/envctl-ci-{name}"' for name in JOBS)
KEYS = 'signing_key = "alias/envctl-{name}"\nlook_signing_key = "alias/envctl-look-{name}"\n'
PEOPLE = f'approval_signing_key = "arn:aws:kms:{REGION}:{TOOLS}:alias/envctl-approve-prod"\n'
MORE = f"""
[ci]
package = "git+https://github.com/acme/envctl@0123456789abcdef0123456789abcdef01234567"

[ci.github.roles]
{ROLES}
"""


def sign_for_people() -> dict[str, Any]:
    """The statement of docs/iam-jobs.md: people who approve need it too."""
    policy = load_policies("iam-jobs")["ListTheStoreForApprovals"]
    return {**policy, "Statement": [each for each in policy["Statement"] if each["Sid"] == "SignForPeople"]}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Organisation]:
    with open_organisation(tmp_path_factory.mktemp("company"), unpacked_provider) as found:
        for account in (TOOLS, *ACCOUNTS.values()):
            found.open_admin_client(account)
        found.create_signing_key(TOOLS, "approve-prod")
        for person in ("paula", "rita"):
            found.create_user(person, [load_policies()["ListTheStore"], sign_for_people()])
        for job in JOBS:
            found.create_role(TOOLS, f"envctl-ci-{job}", [allow_job(job)], trust_job(job))
        for environment, account in ACCOUNTS.items():
            found.create_signing_key(account, f"look-{environment}")
            pages = load_policies("look-role")
            rights = [
                move_to_account(pages[each], environment) for each in ("ListTheStatesToRead", "LookForSecretsOnly")
            ]
            looks = [*(["plan"] if environment == "dev" else []), "drift", environment]
            found.create_role(account, "envctl-look", [*rights, READ_RESOURCES], trust_roles(*looks))
            found.open_admin_client(account).update_assume_role_policy(
                RoleName="envctl-deployer", PolicyDocument=json.dumps(trust_roles(environment))
            )
        found.enforce_iam()
        found.enforce_trust([PROVIDER])
        yield found


@dataclass
class Shop:
    """A signed project, its GitHub and its accounts."""

    project: Project
    company: Organisation
    forge: GithubServer

    def start_run(self, workflow: str, **more: Any) -> GeneratedRun:
        return GeneratedRun(self.project, self.company, self.forge.url, workflow, **more)

    def operate(self, what: str, **inputs: str) -> GeneratedRun:
        chosen = {"what": what, "environment": "prod", **inputs}
        return self.start_run("operate", event="workflow_dispatch", inputs=chosen)

    def as_person(self, *words: str, name: str = "paula") -> CommandResult:
        """A person with keys of their own, and no role."""
        return replace(self.project, extra=self.company.build_environment(name)).run(*words)

    def read_entries(self) -> list[Entry]:
        s3 = self.company.open_admin_client(TOOLS, "s3")
        listed = s3.list_objects_v2(Bucket=STORE, Prefix="shop/ledger/")["Contents"]
        return [decode_entry(s3.get_object(Bucket=STORE, Key=each["Key"])["Body"].read()) for each in listed]

    def find_signer(self, entry: Entry) -> str:
        """Return the folder and the kind of the key that signed the entry."""
        assert entry.signature is not None, entry
        for file in (self.project.root / "environments").glob("*/*signing_key.pem"):
            if entry.signature.key in {key.fingerprint for key in parse_public_keys(file.read_bytes())}:
                return f"{file.parent.name} {file.stem}"
        raise AssertionError(entry)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, company: Organisation) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home")
    gates = 'prod.gates]\napprovals = { peer = 1, quality = 1 }\nreviewers = "peer"\nwaivable = ["lock"]'
    text = WITH_LOOK_ROLES.replace("prod.gates]\napprovals = {}", gates)
    for name in ACCOUNTS:
        section, people = f"[environments.{name}]\n", PEOPLE if name == "prod" else ""
        text = text.replace(section, f"{section}{KEYS.format(name=name)}{people}")
        company.pin_key(project, name, f"environments/{name}/signing_key.pem")
        company.pin_key(project, f"look-{name}", f"environments/{name}/look_signing_key.pem")
        project.write(f"environments/{name}/terraform.tfvars", "")
    company.pin_key(project, "approve-prod", "environments/prod/approval_signing_key.pem")
    project.write("envctl.toml", text + MORE)
    project.write("modules/parameters/main.tf", MODULE)
    project.run_checked("ci", "github")
    with github() as forge:
        yield Shop(project, company, forge)


def plan_release(shop: Shop, name: str) -> GeneratedRun:
    """A merged change reaches staging, and is planned for the reviewers of prod, one of whom approves it."""
    shop.project.write("modules/parameters/main.tf", MODULE.replace('name = "shop-', f'name = "{name}-'))
    run = shop.start_run("deploy")
    shop.forge.add_review("octocat", APPROVAL, later=True)
    for job in ("deploy-dev", "deploy-staging", "plan-prod"):
        run.run_checked_job(job)
    return run


def approve(shop: Shop, plan: str) -> None:
    """By a person, at the other gate."""
    done = shop.as_person("approve", "prod", "--gate", "quality", "--plan", plan, "--yes")
    assert done.code == 0, (done.out, done.err)


def assert_no_signature(ran: CommandResult) -> None:
    assert (ran.code, ran.codes) == (1, ["E468"]), ran.out
    assert "envctl-approve-prod does not sign for prod" in ran.out
    assert "not authorized to perform: kms:Sign" in ran.out


def list_written_folders(company: Organisation, since: int) -> set[str]:
    asked = (request.target for request, _ in company.proxy.asked[since:] if request.method == "PUT")
    return {target.split("/")[3] for target in asked if target.startswith(f"/{STORE}/shop/")}


def test_each_job_signs_with_its_own_key_alone(shop: Shop) -> None:
    run, company = plan_release(shop, "first"), shop.company
    # What is listed last is the job that the token is of.
    ((approving, record),) = run.list_steps("approve-prod")
    ((deploying, promote),) = run.list_steps("deploy-prod")

    # The job that deploys approves nothing, even with the words of the other one.
    assert_no_signature(deploying.run(*record, "--json", GITHUB_TOKEN=approving.extra["GITHUB_TOKEN"]))
    assert_no_signature(deploying.run("lock", "prod", "--reason", "mine", "--json"))

    before = len(company.proxy.asked)
    run.run_checked_job("approve-prod")
    documented = load_policies("iam-jobs")["ListTheStoreForApprovals"]["Statement"]
    (adds,) = (each["Resource"] for each in documented if each["Sid"] == "AddToTheStore")
    # A checkpoint is written once there are 64 entries.
    assert list_written_folders(company, before) == {each.split("/")[-2] for each in adds} - {"checkpoints"}
    approve(shop, run.outputs["plan-prod"]["plan"])

    # The job that approves deploys nothing, with all that it has just approved.
    ((approving, _),) = run.list_steps("approve-prod")
    refused = approving.run(*promote, "--json")
    assert refused.code != 0
    assert {"E413", "E326"} & set(refused.codes), refused.out
    run.run_checked_job("deploy-prod")

    assert shop.as_person("lock", "prod", "--reason", "holidays").code == 0
    ((deploying, _),) = run.list_steps("deploy-prod")
    assert_no_signature(deploying.run("unlock", "prod", "--yes", "--json"))
    shop.operate("unlock", reason="back again").run_checked_job("unlock-prod")

    account = company.open_admin_client(ACCOUNTS["prod"], "ssm")
    account.put_parameter(Name="/shop/prod", Value="by hand", Type="String", Overwrite=True)
    found = shop.start_run("drift", event="schedule").run_job("drift")
    account.put_parameter(Name="/shop/prod", Value="prod", Type="String", Overwrite=True)
    assert found.code == 2, (found.out, found.err)
    checks = [each for each in shop.read_entries() if isinstance(each.event, DriftChecked)]
    assert [shop.find_signer(each) for each in checks] == [f"{name} look_signing_key" for name in ACCOUNTS]

    verify_signers(shop)


def verify_signers(shop: Shop) -> None:
    """Each entry has the key of its kind, as the table says, and counts."""
    for entry in shop.read_entries():
        event = entry.event
        role = "look" if is_look(event) else KEY_ROLES[type(event)]
        environment = "dev" if isinstance(event, ReleaseCreated) else event.environment
        if role == "people":
            assert environment == "prod"
        assert shop.find_signer(entry) == f"{environment} {KEY_FIELDS[role]}", entry
    verified = shop.as_person("ledger", "verify")
    assert verified.code == 0, verified.out


@pytest.mark.night
def test_rollback_holds_release_until_people_approve(shop: Shop) -> None:
    for name in ("second", "third"):
        run = plan_release(shop, name)
        run.run_checked_job("approve-prod")
        approve(shop, run.outputs["plan-prod"]["plan"])
        run.run_checked_job("deploy-prod")
    release = run.outputs["deploy-dev"]["release"]
    shop.operate("rollback").run_checked_job("operate-prod")
    (hold,) = (each for each in shop.read_entries() if isinstance(each.event, HoldSet))
    assert shop.find_signer(hold) == "prod signing_key"

    again = shop.operate("promote", release=release)
    shop.forge.add_review("hubot-2", APPROVAL, later=True)
    again.run_checked_job("plan-prod")
    refused = next(again.list_steps("operate-prod"))
    assert refused[0].run(*refused[1], "--json").codes == ["G108", "G106"]
    again.run_checked_job("approve-prod")
    approve(shop, again.outputs["plan-prod"]["plan"])
    again.run_checked_job("operate-prod")
    verify_signers(shop)


@pytest.mark.night
def test_glass_is_broken_by_a_person_and_reviewed_by_another(shop: Shop) -> None:
    run = plan_release(shop, "fourth")
    run.run_checked_job("approve-prod")
    approve(shop, run.outputs["plan-prod"]["plan"])
    assert shop.as_person("lock", "prod", "--reason", "holidays").code == 0
    ((deploying, promote),) = run.list_steps("deploy-prod")
    assert deploying.run(*promote, "--json").codes == ["G108"]
    waive = ("waive", "prod", "--guard", "lock", "--reason", "it burns", "--yes", "--json")
    assert_no_signature(deploying.run(*waive))
    waived = shop.as_person(*waive)
    assert waived.code == 0, waived.out
    run.run_checked_job("deploy-prod")

    (used,) = (each for each in shop.read_entries() if isinstance(each.event, WaiverUsed))
    assert shop.find_signer(used) == "prod signing_key"
    review = ("review", "prod", "--waiver", str(used.seq), "--reason", "it was right", "--yes", "--json")
    assert shop.as_person(*review).codes == ["E062"]
    reviewed = shop.as_person(*review, name="rita")
    assert reviewed.code == 0, reviewed.out
    verify_signers(shop)
