"""Where pins were published: tags (https://docs.github.com/rest/git/refs), and files of packages (PEP 691)."""

from collections.abc import Collection, Mapping
from urllib.parse import quote, unquote

from urllib3 import make_headers

from envctl.adapters.forge.reviews import find_token
from envctl.adapters.forge.setting_requests import MissingError, SettingRequests
from envctl.domain.ci.generated_pins import Pin
from envctl.domain.ci.inspection.repository import GITHUB_API
from envctl.domain.ci.inspection.settings import Unread
from envctl.domain.text.urls import split_url

_INDEX, _ACCEPTED = "https://pypi.org/simple", "application/vnd.pypi.simple.v1+json"


class PublishedReleases:
    """Asks with the variables `environ`: `GITHUB_TOKEN`, `GITHUB_API_URL`, `PIP_INDEX_URL`, and those of proxies."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._token = find_token(environ)
        api = (environ.get("GITHUB_API_URL") or GITHUB_API).rstrip("/")
        headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {self._token}"}
        self._github = SettingRequests(forge="GitHub", url=f"{api}/repos", headers=headers, environ=environ)
        index = split_url(environ.get("PIP_INDEX_URL") or _INDEX)
        login = f"{unquote(index.username or '')}:{unquote(index.password or '')}" if index.username else None
        self._index = SettingRequests(
            forge=index.hostname or "the package index",
            url=index._replace(netloc=index.netloc.rpartition("@")[2]).geturl().rstrip("/"),
            headers={"Accept": _ACCEPTED, **make_headers(basic_auth=login)},
            environ=environ,
            authorities=environ.get("PIP_CERT", ""),
            largest=64 << 20,
        )

    def find_digests(self, pin: Pin) -> Collection[str] | Unread:
        if pin.kind == "package":
            return self._index.read(lambda: self._list_hashes(pin))
        if pin.kind != "action":
            return Unread("envctl asks no registry of images")
        return self._github.read(lambda: self._find_tag(pin)) if self._token else Unread("GITHUB_TOKEN is not set")

    def _find_tag(self, pin: Pin) -> Collection[str]:
        repository, tag = quote("/".join(pin.name.split("/")[:2])), quote(pin.new.rpartition(" # ")[2])
        try:
            found = self._github.fetch(f"{repository}/git/ref/tags/{tag}")["object"]
        except MissingError:
            # A GitHub Enterprise Server may lack the repository.
            self._github.fetch(repository)
            return ()
        while found["type"] == "tag":
            # An annotated tag. Its hash covers what it names: there is no cycle.
            found = self._github.fetch(f"{repository}/git/tags/{quote(found['sha'])}")["object"]
        return (str(found["sha"]),)

    def _list_hashes(self, pin: Pin) -> Collection[str]:
        name, version = pin.new.split()[0].lower().replace("_", "-").split("==")
        starts = (f"{name}-{version}-", f"{name}-{version}.tar.gz")
        try:
            files = self._index.fetch(f"{quote(name)}/")["files"]
        except MissingError:
            return ()
        own = (each for each in files if each["filename"].lower().replace("_", "-").startswith(starts))
        return [f"sha256:{each['hashes']['sha256']}" for each in own]
