"""IAM, and IAM Access Analyzer."""

from tests.adapters.sandbox.gaps import Client, Probe, fails


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


PROBES: dict[str, Probe] = {"iam-access-analyzer": access_analyzer}
