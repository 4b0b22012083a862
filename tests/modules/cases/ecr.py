"""Module ecr."""

import json

from tests.modules.applying import Account, Case, Found

_MODULE = """
module "images" {
  source = "./modules/ecr"

  project          = "shop"
  environment      = "dev"
  repositories     = ["web", "worker"]
  pull_account_ids = %s
  max_images       = %s
}

output "urls" {
  value = module.images.repository_urls
}
"""

NAMES = ["shop/web", "shop/worker"]
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"})


def look(account: Account, found: Found) -> None:
    ecr = account.client("ecr")
    repositories = sorted(ecr.describe_repositories()["repositories"], key=lambda each: str(each["repositoryName"]))
    assert [each["repositoryName"] for each in repositories] == NAMES
    for repository in repositories:
        assert repository["imageTagMutability"] == "IMMUTABLE"
        assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
        assert repository["encryptionConfiguration"]["encryptionType"] == "AES256"
        (pull,) = json.loads(ecr.get_repository_policy(repositoryName=repository["repositoryName"])["policyText"])[
            "Statement"
        ]
        assert pull["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}
        assert set(pull["Action"]) == {
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        }
        assert _lifecycle(account, repository["repositoryName"]) is None
    assert found["urls"]["web"] == f"{account.account_id}.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web"
    # What envctl copies carries no tag, and has to be taken too.
    ecr.put_image(repositoryName=NAMES[0], imageManifest=MANIFEST)


def look_at_limit(account: Account, _found: Found) -> None:
    ecr = account.client("ecr")
    for name in NAMES:
        policy = _lifecycle(account, name)
        assert policy is not None
        assert json.loads(policy)["rules"][0]["selection"]["countNumber"] == 500
        try:
            ecr.get_repository_policy(repositoryName=name)
        except ecr.exceptions.RepositoryPolicyNotFoundException:
            continue
        raise AssertionError(f"{name} lets others in")
    images = ecr.list_images(repositoryName=NAMES[0])["imageIds"]
    assert [image.get("imageTag") for image in images] == [None]
    ecr.batch_delete_image(repositoryName=NAMES[0], imageIds=images)


def gone(account: Account) -> None:
    assert account.client("ecr").describe_repositories()["repositories"] == []


def _lifecycle(account: Account, name: str) -> str | None:
    ecr = account.client("ecr")
    try:
        return str(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    except ecr.exceptions.LifecyclePolicyNotFoundException:
        return None


CASE = Case(
    "ecr",
    "100000000006",
    _MODULE % ('["222222222222"]', "null"),
    look,
    gone,
    steps=((_MODULE % ("[]", "500"), look_at_limit),),
)
