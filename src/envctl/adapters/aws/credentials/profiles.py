"""Names of AWS profiles, for hints."""

import configparser
import os
import shlex
from collections.abc import Mapping

from envctl.adapters.disk.paths import expand_home
from envctl.domain.aws.profile_files import PROFILE_FILES


def format_profile_option(profile: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return ` --profile NAME` for the command line of AWS; empty for the default profile.

    `profile` is that of envctl.toml, if any.
    """
    # In the order of botocore.
    names = (profile, environment.get("AWS_DEFAULT_PROFILE", ""), environment.get("AWS_PROFILE", ""))
    name = next(filter(None, names), "")
    return f" --profile {shlex.quote(name)}" if name else ""


def list_profiles(environment: Mapping[str, str]) -> list[str]:
    """Return the profiles of this machine, as far as its files can be read."""
    found = []
    for variable, default in PROFILE_FILES.items():
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(expand_home(environment.get(variable, default)), "utf-8")
        except (configparser.Error, OSError, ValueError, RuntimeError):
            continue
        found += [section.removeprefix("profile ").strip("\"' ") for section in parser.sections()]
    return [name for name in found if not name.startswith(("sso-session ", "services "))]
