"""CodeBuild."""

from typing import Any

from tests.gaps import Client, Probe, fails

_ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}
_KEY = "arn:aws:kms:us-east-1:123456789012:key/mine"


def _project(name: str, place: dict[str, Any]) -> dict[str, Any]:
    role = "arn:aws:iam::123456789012:role/build"
    return {"name": name, "source": place, "artifacts": place, "environment": _ENVIRONMENT, "serviceRole": role}


def of_a_pipeline(client: Client) -> bool:
    builds, asked = client("codebuild"), _project("piped", {"type": "CODEPIPELINE"})
    if fails(lambda: builds.create_project(**asked, encryptionKey=_KEY)):
        return True
    (found,) = builds.batch_get_projects(names=["piped"])["projects"]
    return [found["source"], found["encryptionKey"]] != [{"type": "CODEPIPELINE"}, _KEY]


def changed_project(client: Client) -> bool:
    builds, place = client("codebuild"), {"type": "S3", "location": "bucket/code.zip"}
    builds.create_project(**_project("changing", place))
    if fails(lambda: builds.update_project(name="changing", timeoutInMinutes=30, encryptionKey=_KEY)):
        return True
    (found,) = builds.batch_get_projects(names=["changing"])["projects"]
    return [found["timeoutInMinutes"], found["encryptionKey"], found["source"]] != [30, _KEY, place]


def gone_by_its_arn(client: Client) -> bool:
    builds, place = client("codebuild"), {"type": "S3", "location": "bucket/code.zip"}
    project = builds.create_project(**_project("leaving", place))["project"]
    builds.delete_project(name=project["arn"])
    return "leaving" in builds.list_projects()["projects"]


PROBES: dict[str, Probe] = {
    "codebuild-delete": gone_by_its_arn,
    "codebuild-project": of_a_pipeline,
    "codebuild-update": changed_project,
}
