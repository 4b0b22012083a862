"""IAM, and IAM Access Analyzer."""

from unittest.mock import patch

from tests.gaps import Client, Probe, fails


def access_analyzer(client: Client) -> bool:
    analyzers = client("accessanalyzer")
    if fails(lambda: analyzers.create_analyzer(analyzerName="own", type="ACCOUNT", tags={"project": "shop"})):
        return True
    seen = analyzers.get_analyzer(analyzerName="own")["analyzer"]
    analyzers.tag_resource(resourceArn=seen["arn"], tags={"stack": "base"})
    analyzers.untag_resource(resourceArn=seen["arn"], tagKeys=["project"])
    tagged = analyzers.list_tags_for_resource(resourceArn=seen["arn"])["tags"]
    analyzers.delete_analyzer(analyzerName="own")
    left = analyzers.list_analyzers()["analyzers"]
    return (seen["status"], seen["type"], tagged, left) != ("ACTIVE", "ACCOUNT", {"stack": "base"}, [])


def shared_policies(client: Client) -> bool:
    from moto.iam.models import iam_backends

    accounts = ("111111111111", "222222222222", "333333333333")
    with patch("moto.iam.models.load_iam_aws_managed_policies", lambda: True):
        mine, other, third = (iam_backends[account]["aws"].aws_managed_policies[0] for account in accounts)
    mine.attachment_count += 1
    mine.versions.clear()
    is_apart = (mine.account_id, other.account_id, other.attachment_count) == (*accounts[:2], 0)
    return not is_apart or other.versions[0] is not third.versions[0]


PROBES: dict[str, Probe] = {"iam-access-analyzer": access_analyzer, "iam-shared-policies": shared_policies}
