"""What generated jobs take from others, pinned. Generated files may have newer pins: `--check` accepts them."""

GITLAB_IMAGE = (
    "docker.io/library/python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb"
)
"""The image of GitLab's jobs: Python and git on Debian. Docker publishes the digest of each tag in the repository
docker-library/repo-info, in repos/python/remote/.
"""
