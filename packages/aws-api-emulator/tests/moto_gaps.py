"""Shows each gap of moto that a patch mends. Run as a process, `stock` or `patched`, it prints which gaps are there."""

import base64
import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.gaps import (
    Probe,
    autoscaling,
    backup,
    budgets,
    cloudwatch,
    codebuild,
    ec2,
    ecs,
    eks,
    fails,
    iam,
    rds,
)


def ec2_platforms(client: Callable[[str], Any]) -> bool:
    attributes = client("ec2").describe_account_attributes()["AccountAttributes"]
    platforms = next(a["AttributeValues"] for a in attributes if a["AttributeName"] == "supported-platforms")
    return bool(platforms != [{"AttributeValue": "VPC"}])


def ec2_instance_groups(client: Callable[[str], Any]) -> bool:
    ec2 = client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    first, second = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=subnet["VpcId"])["GroupId"]
        for name in ("first", "second")
    )
    interface = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "Groups": [first]}
    instance = ec2.run_instances(ImageId="ami-1e749f67", MinCount=1, MaxCount=1, NetworkInterfaces=[interface])
    identity = instance["Instances"][0]["InstanceId"]
    seen = ec2.describe_instances(InstanceIds=[identity])["Reservations"][0]["Instances"][0]
    interface_id = seen["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface_id, Groups=[second])
    later = ec2.describe_instances(InstanceIds=[identity])["Reservations"][0]["Instances"][0]
    return [[g["GroupId"] for g in i["SecurityGroups"]] for i in (seen, later)] != [[first], [second]]


def ec2_launch_template_tags(client: Callable[[str], Any]) -> bool:
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "project", "Value": "shop"}]}]
    template = client("ec2").create_launch_template(
        LaunchTemplateName="tags", LaunchTemplateData={"InstanceType": "t3.micro"}, TagSpecifications=tags
    )["LaunchTemplate"]
    versions = client("ec2").describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    return bool(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("TagSpecifications"))


def ec2_launch_template_user_data(client: Callable[[str], Any]) -> bool:
    ec2, data = client("ec2"), {"ImageId": "ami-1e749f67", "UserData": base64.b64encode(b"#!/bin/sh").decode()}
    ec2.create_launch_template(LaunchTemplateName="data", LaunchTemplateData=data)
    ec2.create_launch_template_version(LaunchTemplateName="data", LaunchTemplateData=data)
    return fails(lambda: _group(client("autoscaling"), "data", version="2"))


def ec2_monitoring(client: Callable[[str], Any]) -> bool:
    ec2 = client("ec2")
    instance = ec2.run_instances(ImageId="ami-1e749f67", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    if fails(lambda: ec2.monitor_instances(InstanceIds=[instance])):
        return True
    seen = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return bool(seen["Monitoring"]["State"] != "enabled")


def autoscaling_refresh(client: Callable[[str], Any]) -> bool:
    scaling = client("autoscaling")
    client("ec2").create_launch_template(LaunchTemplateName="group", LaunchTemplateData={"ImageId": "ami-1e749f67"})
    _group(scaling, "group", version="1")
    before = _instances(scaling)
    return fails(lambda: scaling.start_instance_refresh(AutoScalingGroupName="group")) or before == _instances(scaling)


def s3_conditional_put(client: Callable[[str], Any]) -> bool:
    from moto.s3.models import S3Backend

    s3, stock, created = client("s3"), S3Backend.get_object, list[bool]()
    s3.create_bucket(Bucket="ledger")

    def look_slowly(*arguments: Any, **keywords: Any) -> Any:
        found = stock(*arguments, **keywords)
        time.sleep(0.2)
        return found

    def put() -> None:
        created.append(not fails(lambda: s3.put_object(Bucket="ledger", Key="1", Body=b"", IfNoneMatch="*")))

    S3Backend.get_object = look_slowly  # type: ignore[method-assign]
    threads = [threading.Thread(target=put) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(created) != 1


def s3_bucket_policy(client: Callable[[str], Any]) -> bool:
    """As it is: with IAM enforcement and without, every upload and download is refused."""
    s3 = client("s3")
    s3.create_bucket(Bucket="tls")
    everything = {"Effect": "Deny", "Principal": "*", "Resource": ["arn:aws:s3:::tls", "arn:aws:s3:::tls/*"]}
    tls_only = {**everything, "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    create_only = {**everything, "Action": "s3:PutObject", "Condition": {"Null": {"s3:if-none-match": "true"}}}
    kept = {**everything, "Action": "s3:DeleteObjectVersion"}
    s3.put_bucket_versioning(Bucket="tls", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket="tls", Policy=json.dumps({"Statement": [tls_only, create_only, kept]}))
    if fails(lambda: s3.put_object(Bucket="tls", Key="1", Body=b"", IfNoneMatch="*")):
        return True
    version = s3.head_object(Bucket="tls", Key="1")["VersionId"]
    removed = not fails(lambda: s3.delete_object(Bucket="tls", Key="1", VersionId=version))
    marked = not fails(lambda: s3.delete_object(Bucket="tls", Key="1"))
    return removed or not marked or not fails(lambda: s3.put_object(Bucket="tls", Key="2", Body=b""))


def s3_object_lock(client: Callable[[str], Any]) -> bool:
    s3 = client("s3")
    s3.create_bucket(Bucket="held")
    s3.put_bucket_versioning(Bucket="held", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="held", Key="1", Body=b"kept")
    return fails(lambda: _lock(s3, "held")) or s3.get_object(Bucket="held", Key="1")["Body"].read() != b"kept"


def s3_locked_upload(client: Callable[[str], Any]) -> bool:
    s3, digest = client("s3"), base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    _lock(s3, "locked")
    # A checksum that was worked out before is sent without the name of its algorithm.
    return fails(lambda: s3.put_object(Bucket="locked", Key="1", Body=b"x", ChecksumSHA256=digest))


PROBES: dict[str, Probe] = {
    "autoscaling-refresh": autoscaling_refresh,
    **autoscaling.PROBES,
    **backup.PROBES,
    **budgets.PROBES,
    **cloudwatch.PROBES,
    **codebuild.PROBES,
    **ec2.PROBES,
    "ec2-instance-groups": ec2_instance_groups,
    "ec2-launch-template-tags": ec2_launch_template_tags,
    "ec2-launch-template-user-data": ec2_launch_template_user_data,
    "ec2-monitoring": ec2_monitoring,
    "ec2-platforms": ec2_platforms,
    **ecs.PROBES,
    **iam.PROBES,
    **rds.PROBES,
    "s3-bucket-policy": s3_bucket_policy,
    "s3-conditional-put": s3_conditional_put,
    "s3-locked-upload": s3_locked_upload,
    "s3-object-lock": s3_object_lock,
    **eks.PROBES,
    # **ecs.PROBES, and the like: those of a service that has a file of its own.
}


def _lock(s3: Any, bucket: str) -> None:
    usual = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": usual}
    )


def _group(scaling: Any, name: str, *, version: str) -> None:
    template = {"LaunchTemplateName": name, "Version": version}
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=1, MaxSize=1, LaunchTemplate=template, AvailabilityZones=["us-east-1a"]
    )


def _instances(scaling: Any) -> set[str]:
    groups = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["group"])["AutoScalingGroups"]
    return {instance["InstanceId"] for instance in groups[0]["Instances"]}


def main(mode: str) -> None:
    import boto3
    from moto import mock_aws

    if mode == "patched":
        from aws_api_emulator.patches import PATCHES, apply_patches

        for patch in PATCHES:
            apply_patches(patch.service)
    with mock_aws():
        found = {name: probe(lambda s: boto3.client(s, region_name="us-east-1")) for name, probe in PROBES.items()}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
