"""Regions of the project file: misspelled ones are refused before any call, newer ones can be listed."""

import pytest

from envctl.domain.config.fields import Fault
from envctl.domain.config.regions import REGIONS, check_region_names
from envctl.domain.scaffold.templates import RECOVERY_REGIONS, find_region_fault


def check(region: str, *new: str) -> list[Fault]:
    environments = {"dev": {"region": region, "regions": {"far": "eu-west-1"}}}
    return list(check_region_names({"environments": environments, "aws": {"new_regions": [*new]}}))


def test_list_holds_every_region_of_boto3() -> None:
    import boto3

    session = boto3.session.Session()
    services = ("ec2", "iam", "s3", "sts")
    there = {
        region
        for partition in session.get_available_partitions()
        for service in services
        for region in session.get_available_regions(service, partition)
    }
    assert there <= REGIONS
    assert REGIONS - there == {"me-west-1", "sa-west-1"}, "known to boto3's partitions, without endpoints so far"


@pytest.mark.parametrize(
    ("region", "near"),
    [("ap-northest-1", "ap-northeast-1"), ("eu-wst-1", "eu-west-1"), ("us-eas-2", "us-east-2")],
)
def test_misspelled_region_is_refused_with_nearest(region: str, near: str) -> None:
    (fault,) = check(region)
    assert fault.message == f'environments.dev.region = "{region}" is not a region of AWS that envctl knows'
    assert fault.hint.startswith(f"did you mean {near}? ")
    assert fault.path == ("environments", "dev", "region")
    assert find_region_fault(region).endswith(f"did you mean {near}?")


def test_listed_region_is_accepted() -> None:
    assert check("eu-west-9", "eu-west-9") == []


def test_other_spellings_are_left_to_the_models() -> None:
    assert check("Tokyo") == []
    assert check("") == []


def test_every_table_with_a_region_is_checked() -> None:
    document = {"store": {"region": "eu-west-9"}, "environments": {"dev": {"regions": {"far": "eu-west-8"}}}}
    assert [fault.path for fault in check_region_names(document)] == [
        ("store", "region"), ("environments", "dev", "regions", "far"),
    ]  # fmt: skip


def test_templates_name_known_regions_alone() -> None:
    assert {*RECOVERY_REGIONS, *RECOVERY_REGIONS.values()} <= REGIONS
