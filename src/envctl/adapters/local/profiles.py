"""AWS profiles of this machine, read like boto3 but without its import time."""

import shlex
from collections.abc import Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

from envctl.adapters.disk.paths import expand_home
from envctl.domain.aws.profile_files import PROFILE_FILES


def has_profile(profile: str, environment: Mapping[str, str]) -> bool:
    """Check if the configuration or the credentials file has the profile. Unreadable files have none."""
    configuration, credentials = (
        _read_sections(Path(environment.get(name, usual))) for name, usual in PROFILE_FILES.items()
    )
    return profile in credentials or profile in {_parse_profile(section) for section in configuration}


def _parse_profile(section: str) -> str:
    """Return the profile of a section: `default`, or the possibly quoted word after `profile`; else empty."""
    if not section.startswith("profile"):
        return section if section == "default" else ""
    try:
        _, profile = shlex.split(section)
    except ValueError:
        # A wrong number of words, or unclosed quotes: no tool accepts it.
        return ""
    return profile


def _read_sections(file: Path) -> list[str]:
    parser = RawConfigParser(strict=False)
    try:
        parser.read(expand_home(file), encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return []
    return parser.sections()
