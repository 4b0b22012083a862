"""A module applied for real: by Terraform and the real AWS provider, in an account of its own in one shared sandbox."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from envctl.adapters.sandbox.lifecycle import RunningSandbox
from tests.modules.shared_provider import share_provider
from tests.programs import SYSTEM_PATH

MODULES = Path(__file__).parents[2] / "modules"
REGION = "ap-northeast-1"
OTHER_REGION = "ap-northeast-3"
TAGS = {"project": "shop", "environment": "dev", "stack": "tried", "managed_by": "envctl"}
# The slowest thing that a module makes is a replica of a database.
APPLY_SECONDS = 600

Found = Mapping[str, Any]
"""The outputs of the root module, by name."""


class Account:
    """boto3 as the deployer of an account in the sandbox, behind Terraform's back."""

    def __init__(self, sandbox: RunningSandbox, account_id: str) -> None:
        self.account_id = account_id
        self._sandbox = sandbox
        self._keys: dict[str, str] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = REGION) -> Any:
        with _SESSION_LOCK:
            if (service, region) not in self._clients:
                self._keys = self._keys or self._take_role()
                self._clients[service, region] = self._open_client(service, region, **self._keys)
            return self._clients[service, region]

    def _take_role(self) -> dict[str, str]:
        sts = self._open_client("sts", REGION, aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
        role = f"arn:aws:iam::{self.account_id}:role/envctl-deployer"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }

    def _open_client(self, service: str, region: str, **keys: str) -> Any:
        from botocore.config import Config

        return _open_session().client(
            service,
            region_name=region,
            verify=os.fspath(self._sandbox.ca_file),
            config=Config(proxies={"https": self._sandbox.proxy_url}, retries={"max_attempts": 1}),
            **keys,
        )


# boto3's own session is not made for threads.
_SESSION_LOCK = threading.Lock()


@cache
def _open_session() -> Any:
    """Return one session for all accounts: each would read the descriptions of AWS's services anew."""
    import boto3

    return boto3.Session()


@dataclass(frozen=True)
class Case:
    """`root` is a root module without its provider: the module, called with `source = "./modules/NAME"`, what it needs
    around it, and outputs. `look` holds what was made against what the module promises, by asking AWS; `gone` that
    nothing is left once it was destroyed.

    `steps` are what else to apply after the first time, each with what it must have come to: the first `by_day` of them
    each time that the tests run, all of them at night.
    """

    name: str
    account: str
    root: str
    look: Callable[[Account, Found], None]
    gone: Callable[[Account], None]
    steps: Sequence[tuple[str, Callable[[Account, Found], None]]] = ()
    by_day: int = 0
    region: str = REGION

    def in_short(self) -> "Case":
        return replace(self, steps=self.steps[: self.by_day])


class Applying:
    """One case in a folder of its own."""

    def __init__(self, case: Case, sandbox: RunningSandbox, terraform: Sequence[str], folder: Path) -> None:
        self._case = case
        self._sandbox = sandbox
        self._terraform = terraform
        self._folder = folder
        self._account = Account(sandbox, case.account)
        usual = {"HOME": os.fspath(folder), "PATH": SYSTEM_PATH, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        # They live for seconds: collecting garbage takes a fifth of their time.
        usual["GOGC"] = "off"
        self._environment = sandbox.build_environment(usual)

    def whole_way(self) -> None:
        """Applied, planned again without a change, looked at, destroyed, and nothing left."""
        with self._share_provider():
            self._go_whole_way()
        self._case.gone(self._account)

    def _go_whole_way(self) -> None:
        shutil.copytree(MODULES, self._folder / "modules", ignore=shutil.ignore_patterns(".terraform*"))
        self._write(self._case.root)
        self._run("init")
        try:
            for root, look in ((self._case.root, self._case.look), *self._case.steps):
                self._write(root)
                self._run("apply", "-auto-approve")
                self._run("plan", "-detailed-exitcode")
                look(self._account, self._outputs())
        finally:
            # The last plan has just looked.
            self._run("destroy", "-auto-approve", "-refresh=false")
        assert self._run("state", "list").strip() == ""

    @contextmanager
    def _share_provider(self) -> Iterator[None]:
        """Start the provider once for all commands. A root with a provider of its own has two configurations."""
        if "provider " in self._case.root:
            yield
            return
        own = self._environment
        mirror = self._sandbox.terraform_rc.with_name("mirror")
        with share_provider(mirror, self._folder, own) as more:
            self._environment = own | more
            yield
        self._environment = own

    def apply(self) -> Found:
        shutil.copytree(MODULES, self._folder / "modules", ignore=shutil.ignore_patterns(".terraform*"))
        self._write(self._case.root)
        self._run("init")
        self._run("apply", "-auto-approve")
        return self._outputs()

    def plan_as(self, role: str, keys: Mapping[str, str]) -> None:
        """Planned again without a change, by another role."""
        self._write(self._case.root, role)
        self._environment |= keys
        self._run("plan", "-detailed-exitcode", "-lock=false")

    def _write(self, root: str, role: str = "envctl-deployer") -> None:
        (self._folder / "main.tf").write_text(_HEAD + root)
        provider = {
            "region": self._case.region,
            "assume_role": {"role_arn": f"arn:aws:iam::{self._case.account}:role/{role}"},
            "allowed_account_ids": [self._case.account],
            "default_tags": {"tags": TAGS},
            # What moto does not know it answers with 500, which the provider would try again for a quarter of an hour.
            "max_retries": 3,
        }
        (self._folder / "provider.tf.json").write_text(json.dumps({"provider": {"aws": provider}}))

    def _outputs(self) -> dict[str, Any]:
        outputs = json.loads(self._run("output", "-json"))
        return {name: output["value"] for name, output in outputs.items()}

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._terraform, *words, "-no-color"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=APPLY_SECONDS,
            check=False,
        )
        said = f"{self._case.name}: terraform {' '.join(words)} ended with {done.returncode}"
        assert done.returncode == 0, f"{said}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout


_HEAD = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

"""
