"""What generated jobs take from others, pinned. Generated files may have newer pins: `--check` lists them."""

import re
from collections.abc import Mapping
from typing import Literal

from envctl.domain.config.ci_package import KUBERNETES_NAME, NAME

PinKind = Literal["action", "image", "package", "envctl"]
CHECKOUT_ACTION = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
"""The foreign action in each job of GitHub. Released on 2026-07-17."""
UPLOAD_ACTION = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"
"""The foreign action in jobs that plan for reviewers. From version 7 on it can upload one file as it is."""
DOWNLOAD_ACTION = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
"""The foreign action in jobs that post what another job has found. Released on 2026-03-11."""
GITLAB_IMAGE = (
    "docker.io/library/python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb"
)
"""The image of GitLab's jobs: Python and git on Debian. Docker publishes the digest of each tag in the repository
docker-library/repo-info, in repos/python/remote/.
"""
_HASHES = r"(?: {4}--hash=sha256:[0-9a-f]{64} \\\n)* {4}--hash=sha256:[0-9a-f]{64}"
PIN_PATTERNS: Mapping[PinKind, re.Pattern[str]] = {
    # An action at a commit, with its release in a comment.
    "action": re.compile(
        r"(?<![\w./-])(?P<name>[\w./-]++)@[0-9a-f]{40}(?: # (?P<version>v[\w.]+))?(?P<marker>)(?=\s|$)"
    ),
    # An image at a digest.
    "image": re.compile(
        r"(?<![\w./-])(?P<name>[\w./-]++(?::\d+/[\w./-]++)?)(?::(?P<version>[\w.-]+))?@sha256:[0-9a-f]{64}(?P<marker>)"
    ),
    # A package of a lock file: its version and its hashes.
    "package": re.compile(
        rf"^(?P<name>[\w.-]+)==(?P<version>\d[\w.+!]*)(?P<marker>(?: ;[^\\\n]*)?) \\\n{_HASHES}$", re.MULTILINE
    ),
}
SOURCE_PATTERN = re.compile(
    rf"^(?P<name>{NAME}|{KUBERNETES_NAME})(?P<version> @ |==)\S+(?P<marker>)(?: \\\n {{4}}--hash=\S+)*$", re.MULTILINE
)
"""envctl itself, which envctl.toml fixes."""
