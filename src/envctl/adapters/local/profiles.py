"""The AWS profiles that this machine knows, read without AWS's own library: every plan would pay for loading it."""

from collections.abc import Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}


def is_known(profile: str, environment: Mapping[str, str]) -> bool:
    """Whether the configuration or the credentials file has a section for it. A file that can't be read has none."""
    return any(profile in _sections(Path(environment.get(name, usual))) for name, usual in FILES.items())


def _sections(file: Path) -> set[str]:
    parser = RawConfigParser(strict=False)
    try:
        parser.read(file.expanduser(), encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return set()
    return {section.removeprefix("profile ").strip() for section in parser.sections()}
