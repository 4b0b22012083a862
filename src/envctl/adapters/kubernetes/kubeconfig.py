"""The kubeconfig of the caller: its files, their entries by name, and the connection of one context."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from envctl.adapters.disk.faults import to_printable
from envctl.adapters.disk.paths import expand_home
from envctl.adapters.kubernetes.kubeconfig_file import Entry, load_entries
from envctl.adapters.kubernetes.kubeconfig_user import UserCredentials
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.images.image_reference import is_loopback
from envctl.domain.text.suggestions import suggest_name
from envctl.domain.text.urls import split_url
from envctl.usecases.ports.kubernetes import ClusterConnection

DEFAULT_FILE = "~/.kube/config"
VARIABLE = "KUBECONFIG"
_PROXIES = frozenset({"http", "https"})


class Kubeconfigs:
    """Reads the files anew for each context. `environ` names them, and is what programs for tokens inherit."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find_context(self, name: str) -> ClusterConnection:
        """Return the connection of a context. Raises ConfigurationError if an entry is missing or unusable."""
        # An earlier one wins, as in kubectl.
        named = [each for each in self._environ.get(VARIABLE, "").split(os.pathsep) if each]
        paths = [Path(each) for each in named] or [expand_home(DEFAULT_FILE)]
        files = [each for each in paths if os.path.lexists(each)]
        contexts = load_entries(files, "contexts", "context")
        if name not in contexts:
            raise _missing_context_error(name, contexts, files)
        context = contexts[name]
        cluster = self._find_part(context, "cluster", files)
        if cluster is None:
            raise context.error("E632", "it names no cluster", f"kubectl config set-context {name} --cluster=CLUSTER")
        user = self._find_part(context, "user", files)
        return self._connect(name, cluster, user)

    def _find_part(self, context: Entry, kind: str, files: list[Path]) -> Entry | None:
        """Return the cluster or the user that a context names; None if it names none."""
        name = context.read_text(kind)
        if not name:
            return None
        known = load_entries(files, f"{kind}s", kind)
        if name not in known:
            hint = suggest_name(name, known) or f"add the {kind} to the file, or choose another context"
            raise context.error("E632", f"it names the {kind} {name}, which is in no kubeconfig", hint)
        return known[name]

    def _connect(self, context: str, cluster: Entry, user: Entry | None) -> ClusterConnection:
        url = _read_server(cluster)
        skips = _skips_verification(cluster, url)
        authority = "" if skips else cluster.read_pem("certificate-authority")
        credentials = UserCredentials(user, cluster, context, self._environ)
        return ClusterConnection(
            name=f"cluster of the context {context}",
            url=url,
            authority=authority,
            headers=credentials.load_headers,
            renew_credentials=credentials.forget,
            client_certificate=credentials.load_certificate,
            server_name=cluster.read_text("tls-server-name"),
            proxy_url=_read_proxy(cluster),
            skips_verification=skips,
        )


def _read_server(cluster: Entry) -> str:
    url = cluster.read_text("server").rstrip("/")
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in _PROXIES and bool(parts.hostname) and not parts.query and (parts.port or True)
    except ValueError:
        is_valid = False
    if not is_valid:
        raise cluster.error("E631", "its server is not a URL", "write it as in https://HOST:6443")
    if "@" in parts.netloc:
        raise cluster.error("E633", "its server holds a login", "remove the login, and give the user a token")
    if parts.scheme == "http" and not is_loopback(parts.netloc):
        raise cluster.error("E633", "its server has no TLS, so others can read the token", "use https")
    return url


def _skips_verification(cluster: Entry, url: str) -> bool:
    if cluster.read_text("insecure-skip-tls-verify").lower() != "true":
        return False
    if not is_loopback(urlsplit(url).netloc):
        hint = "give it certificate-authority-data, and tls-server-name where the certificate has another name"
        raise cluster.error("E633", "insecure-skip-tls-verify lets any server answer in its place", hint)
    return True


def _read_proxy(cluster: Entry) -> str:
    url = cluster.read_text("proxy-url")
    if url and split_url(url).scheme not in _PROXIES:
        raise cluster.error("E633", "its proxy-url is not HTTP", "use a proxy with http:// or https://")
    return url


def _missing_context_error(name: str, known: Mapping[str, Entry], files: list[Path]) -> ConfigurationError:
    if not files:
        message = f"there is no kubeconfig, and so no context {name}"
        hint = f"set {VARIABLE}, or write {DEFAULT_FILE}; for EKS, name the cluster in envctl.toml instead"
        return ConfigurationError(Problem("E632", message, hint))
    where = ", ".join(to_printable(each) for each in files)
    hint = suggest_name(name, known) or "kubectl config get-contexts lists them"
    return ConfigurationError(
        Problem("E632", f"there is no context {name} in {where}", hint, Location(to_printable(files[0])))
    )
