"""The AWS profiles that this machine knows, as boto3 would list them, and without it: every plan would pay for loading
it.
"""

import shlex
from collections.abc import Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

from envctl.adapters.disk.paths import in_home
from envctl.domain.aws.access import PROFILE_FILES


def is_known(profile: str, environment: Mapping[str, str]) -> bool:
    """Whether the configuration or the credentials file has a section for it. A file that can't be read has none."""
    configuration, credentials = (
        _sections(Path(environment.get(name, usual))) for name, usual in PROFILE_FILES.items()
    )
    return profile in credentials or profile in {_profile(section) for section in configuration}


def _profile(section: str) -> str:
    """The profile of a section of the configuration: `default`, or a word after `profile`, which may be quoted. Empty
    where it is a section of something else.
    """
    if not section.startswith("profile"):
        return section if section == "default" else ""
    try:
        _, profile = shlex.split(section)
    except ValueError:
        # More words or fewer, or quotes that do not close: no tool knows it.
        return ""
    return profile


def _sections(file: Path) -> list[str]:
    parser = RawConfigParser(strict=False)
    try:
        parser.read(in_home(file), encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return []
    return parser.sections()
