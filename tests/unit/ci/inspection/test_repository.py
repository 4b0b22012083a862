"""Which repository a project has: each form of a remote, and what is no address of a forge."""

import pytest

from envctl.domain.ci.inspection.repository import (
    RemoteAddress,
    Repository,
    UnknownRepositoryError,
    find_repository,
    parse_remote,
)

GITLAB = "https://gitlab.com"
REMOTES = {
    "git@github.com:acme/shop.git": ("github.com", "acme/shop"),
    "github.com:acme/shop": ("github.com", "acme/shop"),
    "org-42@github.com:acme/shop.git": ("github.com", "acme/shop"),
    "ssh://git@github.com/acme/shop.git": ("github.com", "acme/shop"),
    "ssh://git@ssh.github.com:443/acme/shop.git": ("github.com", "acme/shop"),
    "ssh://git@altssh.gitlab.com:443/acme/shop.git": ("gitlab.com", "acme/shop"),
    "https://github.com/acme/shop": ("github.com", "acme/shop"),
    "https://github.com/acme/shop/": ("github.com", "acme/shop"),
    "https://ann:ghp_secret@github.com/acme/shop.git": ("github.com", "acme/shop"),
    "HTTPS://GitHub.com/acme/shop.git": ("github.com", "acme/shop"),
    "git://github.example.com/acme/shop.git": ("github.example.com", "acme/shop"),
    "https://gitlab.example.com:8443/group/sub/shop.git": ("gitlab.example.com", "group/sub/shop"),
    "git@gitlab.example.com:group/sub/shop.git": ("gitlab.example.com", "group/sub/shop"),
    "git@[::1]:acme/shop.git": ("[::1]", "acme/shop"),
}


@pytest.mark.parametrize(("address", "wanted"), REMOTES.items(), ids=REMOTES)
def test_each_form_of_remote_is_read(address: str, wanted: tuple[str, str]) -> None:
    assert parse_remote(address) == RemoteAddress(*wanted)


@pytest.mark.parametrize(
    "address",
    [
        "", "/srv/git/shop.git", "../shop", "file:///srv/git/shop.git", "shop", "https://github.com/",
        "https://github.com/acme", "https://github.com/../shop", "https://github.com/acme/..", "C:\\shop",
        "https://[::1/acme/shop", "ext::sh -c true", "https://github.com/acme/sh op", "git@github.com:acme/$(touch x)",
        "git@github.com:-x/shop/..", "javascript://github.com/acme/shop",
    ],
)  # fmt: skip
def test_anything_else_is_no_remote(address: str) -> None:
    assert parse_remote(address) is None


@pytest.mark.parametrize(
    ("variables", "remote", "wanted"),
    [
        ({}, "git@github.com:acme/shop.git", Repository("github", "github.com", "acme/shop", "https://api.github.com")),
        (
            {},
            "git@acme.ghe.com:acme/shop.git",
            Repository("github", "acme.ghe.com", "acme/shop", "https://api.acme.ghe.com"),
        ),
        (
            {"GH_HOST": "github.example.com"},
            "https://github.example.com/acme/shop",
            Repository("github", "github.example.com", "acme/shop", "https://github.example.com/api/v3"),
        ),
        (
            {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": "http://127.0.0.1:1"},
            "git@gitlab.com:other/one.git",
            Repository("github", "github.com", "acme/shop", "http://127.0.0.1:1"),
        ),
        (
            {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://github.example.com"},
            "",
            Repository("github", "github.example.com", "acme/shop", "https://github.example.com/api/v3"),
        ),
        (
            {},
            "git@gitlab.com:acme/sub/shop.git",
            Repository("gitlab", "gitlab.com", "acme/sub/shop", "https://gitlab.com/api/v4"),
        ),
        (
            {"CI_PROJECT_PATH": "acme/shop", "CI_API_V4_URL": "https://git.example.com/api/v4"},
            "",
            Repository("gitlab", "gitlab.com", "acme/shop", "https://git.example.com/api/v4"),
        ),
    ],
)
def test_repository_is_known_by_variables_or_remote(variables: dict[str, str], remote: str, wanted: Repository) -> None:
    assert find_repository(variables, remote, GITLAB) == wanted


def test_own_gitlab_may_live_in_a_folder() -> None:
    found = find_repository({}, "https://git.example.com/gitlab/acme/shop.git", "https://git.example.com/gitlab")
    assert (found.path, found.api) == ("acme/shop", "https://git.example.com/gitlab/api/v4")


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("", "git has no remote here"),
        ("/srv/git/shop.git", "git's remote is not the address"),
        ("git@evil.example:acme/shop.git", "is on evil.example, which is not known"),
        ("git@notgithub.com:acme/shop.git", "is on notgithub.com, which is not known"),
        ("https://github.com/acme/sub/shop.git", "is not OWNER/NAME"),
    ],
)
def test_missing_repository_says_what_is_missing(remote: str, said: str) -> None:
    with pytest.raises(UnknownRepositoryError, match=said):
        find_repository({}, remote, GITLAB)


def test_password_in_the_remote_is_never_quoted() -> None:
    with pytest.raises(UnknownRepositoryError) as raised:
        find_repository({}, "https://ann:ghp_secret@evil.example/acme/shop", GITLAB)
    assert "ghp_secret" not in str(raised.value)
