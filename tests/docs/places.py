"""The projects that the commands of the pages are typed in."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from tests.adapters.forge.github_server import GithubServer, github
from tests.docs import clusters, existing
from tests.e2e.conftest import ACCOUNTS, REGION, CommandResult, Project
from tests.faults.proxy import FaultyProxy
from tests.modules import applying
from tests.scaffold import create_project

ANN = "ann@shop.example"
PEOPLE = "444444444444"
PIPELINE = """
[project]
name = "shop"

{tables}
[pipeline]
order = ["dev", "staging", "prod"]

{environments}
[environments.staging.gates]
approvals = {{}}

[environments.prod.gates]
approvals = {{ peer = 1, business = 1, quality = 1 }}
waivable = ["window", "approvals"]

[stacks.network]
module = "modules/network"

[stacks.data]
module = "modules/data"
inputs = {{ subnet_ids = "network.private_subnet_ids" }}

[stacks.web]
module = "modules/web"
inputs = {{ vpc_id = "network.vpc_id" }}
"""
# What jobs install, for the commands that write workflows.
PACKAGE = f'\n[ci]\npackage = "git+https://git.example.com/acme/envctl@{"a" * 40}"\n'
BUCKETS = """
[store]
url = "s3://shop-envctl-store"
account_id = "444444444444"

[state]
backend = "s3"
bucket = "shop-tfstate-{account_id}"
"""
ENVIRONMENT = """
[environments.{name}]
account_id = "{account}"
region = "{region}"
assume_role = "arn:aws:iam::{account}:role/envctl-deployer"
"""
NETWORK = """
variable "vpc_cidr" { type = string }

resource "terraform_data" "vpc" {
  input = var.vpc_cidr
}

output "vpc_id" { value = "vpc-${substr(sha256(terraform_data.vpc.output), 0, 8)}" }
output "private_subnet_ids" { value = ["subnet-1", "subnet-2"] }
"""
DATA = """
variable "subnet_ids" { type = list(string) }

resource "terraform_data" "database" {
  input = var.subnet_ids
}

output "address" { value = "database.internal" }
"""
WEB = """
variable "vpc_id" { type = string }
variable "instance_count" { type = number }

resource "terraform_data" "instances" {
  input = { vpc = var.vpc_id, count = var.instance_count }
}

output "instance_count" { value = terraform_data.instances.output.count }
"""


@dataclass
class Place:
    """`options` are typed with every command. `sandbox` is what plays AWS where there seems to be one, and `proxy` what
    stands before it and can fail. In a job of GitHub there is `forge`.
    """

    root: Path
    home: Path
    options: tuple[str, ...] = ()
    sandbox: RunningSandbox | None = None
    proxy: FaultyProxy | None = None
    forge: GithubServer | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def programs(self) -> Path:
        """What else whoever types has on the PATH."""
        return self.home / "bin"

    def environment(self, by: str = ANN) -> dict[str, str]:
        return self._project().build_environment(**self.person(by))

    def person(self, email: str) -> dict[str, str]:
        """How envctl knows who that is: by the address that git has, or by what AWS says. `admin@333333333333` is at
        home in that account, and everybody else in one for people.
        """
        known = {"GIT_AUTHOR_EMAIL": email}
        if self.sandbox is None or self.options:
            return known
        import boto3
        from botocore.config import Config

        proxies = Config(proxies={"https": self.sandbox.proxy_url})
        surroundings = self.sandbox.build_child_variables()
        keys = {"aws_access_key_id": surroundings["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": "none"}
        sts = boto3.client("sts", REGION, config=proxies, verify=os.fspath(self.sandbox.ca_file), **keys)
        account = email.partition("@")[2]
        role = f"arn:aws:iam::{account if account.isdigit() else PEOPLE}:role/People"
        taken = sts.assume_role(RoleArn=role, RoleSessionName=email)["Credentials"]
        return known | {
            "AWS_ACCESS_KEY_ID": taken["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": taken["SecretAccessKey"],
            "AWS_SESSION_TOKEN": taken["SessionToken"],
        }

    def run(self, *words: str, by: str = ANN, **more: str) -> CommandResult:
        return self._project().run("--yes", *self.options, *words, timeout=300, **self.person(by), **more)

    def ok(self, *words: str, by: str = ANN, **more: str) -> CommandResult:
        ran = self.run(*words, by=by, **more)
        assert ran.code == 0, f"{words}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def command(self, *words: str) -> list[str]:
        return self._project().build_command("--yes", *self.options, *words)

    def client(self, whose: str, service: str, region: str = REGION) -> Any:
        """boto3 in the account of an environment, or in one by its number, behind Terraform's back."""
        running = self.sandbox or Sandbox(self.root / ".envctl" / "sandbox").find_running()
        assert running is not None
        return applying.Account(running, ACCOUNTS.get(whose, whose)).client(service, region)

    def write(self, path: str, text: str) -> None:
        self._project().write(path, text)

    def adds(self, path: str, text: str) -> None:
        self.write(path, (self.root / path).read_text() + text)

    def _project(self) -> Project:
        reached = self.sandbox.build_child_variables() if self.sandbox and not self.options else {}
        return Project(self.root, self.home, {**reached, **self.extra})


Opened = Callable[[Path, Path], Iterator[Place]]


def empty(folder: Path, _provider: Path) -> Iterator[Place]:
    """Where projects are begun. Each goes with its sandbox."""
    place = Place(folder / "work", folder)
    place.root.mkdir()
    try:
        yield place
    finally:
        for project in place.root.iterdir():
            replace(place, root=project).run("sandbox", "down")


def template(name: str, folder: Path, provider: Path, options: tuple[str, ...] = ()) -> Iterator[Place]:
    root = create_project(folder, name)
    (root / ".envctl" / "sandbox").mkdir(parents=True)
    (root / ".envctl" / "sandbox" / "mirror").symlink_to(provider)
    place = Place(root, folder, options)
    place.adds("envctl.toml", PACKAGE)
    try:
        yield place
    finally:
        place.run("sandbox", "down")


def in_a_job_of_github(folder: Path, provider: Path) -> Iterator[Place]:
    with github() as forge, contextmanager(template)("minimal", folder, provider, ("--sandbox",)) as place:
        yield replace(place, forge=forge, extra=forge.environment)


def shop(folder: Path, _provider: Path) -> Iterator[Place]:
    """Three stacks that need no provider, with states and store on disk: real Terraform, and no AWS."""
    place = Place(folder / "shop", folder)
    _furnished(place, "", "".join(f"[environments.{name}]\n" for name in ACCOUNTS))
    yield place


def shop_on_aws(folder: Path, _provider: Path) -> Iterator[Place]:
    """The same with accounts, roles and buckets. Nothing in it says `sandbox`: to it, what answers is AWS."""
    server = Sandbox(folder / "aws")
    running = server.start()
    try:
        yield from _behind_a_proxy(running, folder)
    finally:
        server.stop()


def _behind_a_proxy(running: RunningSandbox, folder: Path) -> Iterator[Place]:
    with FaultyProxy(running, folder / "proxy") as proxy:
        # Whatever names the way to the sandbox leads through the proxy.
        instead = {running.proxy_url: proxy.url, os.fspath(running.ca_file): os.fspath(proxy.ca_file)}
        extra = {name: instead[value] for name, value in running.build_child_variables().items() if value in instead}
        place = Place(folder / "shop", folder, sandbox=running, proxy=proxy, extra=extra)
        told = (ENVIRONMENT.format(name=name, account=account, region=REGION) for name, account in ACCOUNTS.items())
        _furnished(place, BUCKETS, "".join(told))
        yield place


def _furnished(place: Place, tables: str, environments: str) -> None:
    place.write("envctl.toml", PIPELINE.format(tables=tables, environments=environments) + PACKAGE)
    for name, text in {"network": NETWORK, "data": DATA, "web": WEB}.items():
        place.write(f"modules/{name}/main.tf", text)
    for number, name in enumerate(ACCOUNTS):
        settings = f'vpc_cidr = "10.{number}.0.0/16"\ninstance_count = {number + 1}\n'
        place.write(f"environments/{name}/terraform.tfvars", settings)


def existing_terraform(repository: existing.Repository, folder: Path, provider: Path) -> Iterator[Place]:
    """A repository that plain Terraform has deployed to three accounts of the sandbox. envctl is new there."""
    place = Place(folder / "acme", folder, ("--sandbox",))
    for path, text in repository.files.items():
        place.write(path, text)
    (place.root / ".envctl" / "sandbox").mkdir(parents=True)
    (place.root / ".envctl" / "sandbox" / "mirror").symlink_to(provider)
    try:
        # Its project file is gone afterwards: the page writes its own.
        place.write("envctl.toml", existing.to_project_text(ENVIRONMENT, ACCOUNTS))
        program = existing.install_terraform(place.programs)
        for name in ACCOUNTS:
            for words in existing.list_commands(repository, name):
                place.ok("exec", name, "--no-outputs", "--", program, *words, TF_DATA_DIR=f"{folder}/data-{name}")
        (place.root / "envctl.toml").unlink()
        yield place
    finally:
        place.run("sandbox", "down")


def shop_with_clusters(folder: Path, _provider: Path) -> Iterator[Place]:
    """A stack of Kubernetes objects after one of Terraform, with a cluster for each environment."""
    with clusters.run_clusters(folder) as kubeconfig:
        place = Place(folder / "shop", folder, extra={"KUBECONFIG": os.fspath(kubeconfig)})
        for path, text in clusters.list_files().items():
            place.write(path, text)
        yield place


PLACES: Mapping[str, Opened] = {
    "an empty folder": empty,
    "a repository that plain Terraform deployed": partial(existing_terraform, existing.ONE_ROOT),
    "a folder for each environment, deployed by plain Terraform": partial(existing_terraform, existing.FOLDERS),
    "shop": shop,
    "shop on AWS": shop_on_aws,
    "shop with clusters": shop_with_clusters,
    "the template minimal": partial(template, "minimal"),
    "the template minimal, in the sandbox": partial(template, "minimal", options=("--sandbox",)),
    "the template minimal, in a job of GitHub": in_a_job_of_github,
    "the template platform, in the sandbox": partial(template, "platform", options=("--sandbox",)),
}


@contextmanager
def opened(name: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A new one, below that folder; what it started ends with it."""
    folder.mkdir(parents=True)
    provider = Path() if name.startswith("shop") else request.getfixturevalue("unpacked_provider")
    with ExitStack() as stack:
        yield stack.enter_context(contextmanager(PLACES[name])(folder, provider))
