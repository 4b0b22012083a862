"""The kubeconfig of the caller: the connection of one context, and what its user signs in with."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from envctl.adapters.disk.faults import to_printable
from envctl.adapters.disk.paths import expand_home
from envctl.adapters.kubernetes.exec_plugin import ExecPlugin, open_plugin
from envctl.adapters.kubernetes.kubeconfig_file import Entry, load_entries
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.images.image_reference import is_loopback
from envctl.domain.text.suggestions import suggest_name
from envctl.domain.text.urls import split_url
from envctl.usecases.ports.kubernetes import ClientCertificate, ClusterConnection

DEFAULT_FILE = "~/.kube/config"
VARIABLE = "KUBECONFIG"
_PROXIES = frozenset({"http", "https"})


@dataclass(frozen=True, eq=False, repr=False)
class Kubeconfigs:
    """Reads the files anew for each context. `environ` names them, and is what programs for tokens inherit."""

    environ: Mapping[str, str]

    def find_context(self, name: str) -> ClusterConnection:
        """Return the connection of a context. Raises ConfigurationError if an entry is missing or unusable."""
        # An earlier one wins, as in kubectl.
        named = [each for each in self.environ.get(VARIABLE, "").split(os.pathsep) if each]
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
        credentials = UserCredentials(user, cluster, context, self.environ)
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
    message = f"there is no context {name} in {where}"
    return ConfigurationError(Problem("E632", message, hint, Location(to_printable(files[0]))))


READ_AGAIN_SECONDS = 60.0
"""For a file with a token: the kubelet writes it anew long before its token ends."""


class UserCredentials:
    """Threads share it. Without a user, requests are anonymous. Raises ConfigurationError for what envctl refuses, and
    OperationFailedError if a program gives no token.
    """

    def __init__(self, user: Entry | None, cluster: Entry, context: str, environ: Mapping[str, str]) -> None:
        self._user = user
        self._lock = threading.Lock()
        self._token, self._read_at = "", 0.0
        self._plugin: ExecPlugin | None = None
        if user is not None:
            _require_supported(user)
            self._plugin = open_plugin(user, cluster, context, environ)

    def load_headers(self) -> Mapping[str, str]:
        if self._user is None:
            return {}
        token = self._load_token(self._user)
        groups = self._user.read_list("as-groups")
        impersonation = {
            "Impersonate-User": self._user.read_text("as"),
            "Impersonate-Uid": self._user.read_text("as-uid"),
            "Impersonate-Group": str(groups[0]) if groups else "",
        }
        headers = {name: value for name, value in impersonation.items() if value}
        return {"Authorization": f"Bearer {token}", **headers} if token else headers

    def load_certificate(self) -> ClientCertificate | None:
        if self._user is None:
            return None
        certificate, key = self._user.read_pem("client-certificate"), self._user.read_pem("client-key")
        if bool(certificate) != bool(key):
            missing = "client-key" if certificate else "client-certificate"
            raise self._user.error("E631", f"{missing} is missing", "write the entry again")
        if certificate:
            return ClientCertificate(certificate, key)
        return self._plugin.load().certificate if self._plugin else None

    def forget(self) -> bool:
        """Forget the token; return True if another one may be had."""
        with self._lock:
            self._token = ""
        if self._plugin is not None:
            self._plugin.forget()
        return self._plugin is not None or bool(self._user and self._user.read_text("tokenFile"))

    def _load_token(self, user: Entry) -> str:
        if user.read_text("tokenFile"):
            with self._lock:
                if not self._token or time.monotonic() - self._read_at > READ_AGAIN_SECONDS:
                    self._token = _require_header(user, user.read_file("tokenFile").strip())
                    self._read_at = time.monotonic()
                return self._token
        if token := user.read_text("token"):
            return _require_header(user, token.strip())
        return self._plugin.load().token if self._plugin else ""


def _require_header(user: Entry, token: str) -> str:
    if not token.isascii() or not token.isprintable():
        raise user.error("E631", "its token has characters that no token has", "write the token again")
    return token


def _require_supported(user: Entry) -> None:
    if user.read_text("username") or user.read_text("password"):
        hint = "give the user a token, a client certificate or an exec entry: no Kubernetes since 1.19 takes a password"
        raise user.error("E633", "it signs in with a password", hint)
    if user.values.get("auth-provider") is not None:
        hint = "use an exec entry: kubectl has no auth-provider since 1.26"
        raise user.error("E633", "it has an auth-provider", hint)
    if len(user.read_list("as-groups")) > 1 or user.values.get("as-user-extra"):
        raise user.error("E633", "it acts as another user with several groups", "use a context without impersonation")
