"""Which role of an environment a command takes."""

import pytest

from envctl.cli.wiring.readers import ProjectFileReader

PROJECT = "".join(
    f"""
[environments.{name}]
account_id = "{account}"
region = "eu-west-1"
assume_role = "arn:aws:iam::{account}:role/envctl-deployer"
{"" if name == "prod" else f'look_role = "arn:aws:iam::{account}:role/envctl-look"'}
"""
    for name, account in {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}.items()
)
HEAD = '[project]\nname = "shop"\n[pipeline]\norder = ["dev", "staging", "prod"]\n'
FOOT = '[stacks.network]\nmodule = "modules/vpc"\n'
ROLES = {
    "a command that changes": (ProjectFileReader(sandbox=False), "deployer deployer deployer"),
    "a command that looks": (ProjectFileReader(sandbox=False, look=True), "look look deployer"),
    # Where an image comes from, a deployment only looks, if the environment has a role for that.
    "a deployment to staging": (ProjectFileReader(sandbox=False, changes_only="staging"), "look deployer deployer"),
    "a deployment to prod": (ProjectFileReader(sandbox=False, changes_only="prod"), "look look deployer"),
    "a deployment to a misspelled name": (ProjectFileReader(sandbox=False, changes_only="pord"), "look look deployer"),
}


@pytest.mark.parametrize(("reader", "expected"), ROLES.values(), ids=ROLES)
def test_deployment_only_looks_into_other_environments(reader: ProjectFileReader, expected: str) -> None:
    project = reader.parse_project((HEAD + PROJECT + FOOT).encode())
    found = [project.find_acting_role(name).rpartition("/envctl-")[2] for name in ("dev", "staging", "prod")]
    assert found == expected.split()
