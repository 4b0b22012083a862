"""The regions of AWS, and a check that finds misspelled ones before any call."""

import re
from collections.abc import Iterator, Mapping

from envctl.domain.config.fields import REGION_PATTERN, Fault, TomlPath, find_table, list_texts
from envctl.domain.text.suggestions import find_nearest

# As in boto3's list of endpoints and partitions; a test compares them.
_NAMES = """
af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1
ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1
cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-isoe-west-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2
eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1
us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1
us-isof-south-1 us-west-1 us-west-2
"""
REGIONS = frozenset(_NAMES.split())
UNKNOWN_REGION = "E136"


def check_region_names(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault for each region that is neither known nor listed in `[aws] new_regions`. Other spellings than that
    of a region are reported by the models.
    """
    known = {*REGIONS, *list_texts(find_table(document, "aws").get("new_regions"))}
    for path, region in _list_regions(document):
        if isinstance(region, str) and is_region_spelling(region) and region not in known:
            message, hint = describe_unknown_region(region)
            yield Fault(UNKNOWN_REGION, f"{'.'.join(map(str, path))} = {message}", hint, path)


def is_region_spelling(text: str) -> bool:
    return re.fullmatch(REGION_PATTERN, text, re.ASCII) is not None


def describe_unknown_region(region: str) -> tuple[str, str]:
    """Return message and hint. The message continues a sentence after the key."""
    near = find_nearest(region, REGIONS)
    meant = f"did you mean {near}? " if near else ""
    hint = f'{meant}A region newer than envctl goes into [aws] new_regions = ["{region}"]'
    return f'"{region}" is not a region of AWS that envctl knows', hint


def _list_regions(document: Mapping[str, object]) -> Iterator[tuple[TomlPath, object]]:
    yield ("store", "region"), find_table(document, "store").get("region")
    for name in find_table(document, "environments"):
        section = find_table(document, "environments", name)
        yield ("environments", name, "region"), section.get("region")
        for key, region in find_table(section, "regions").items():
            yield ("environments", name, "regions", key), region
