"""Contexts of a kubeconfig: which entries count, and what is refused with which words."""

import base64
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml  # type: ignore[import-untyped]

from envctl.adapters.kubernetes.api import ClusterApi
from envctl.adapters.kubernetes.kubeconfig import Kubeconfigs
from envctl.domain.errors import ConfigurationError, EnvctlError
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.faults.site import Site, answer, serving
from tests.programs import SYSTEM_PATH

AUTHORITY = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CLUSTER = {"server": "https://kube.example:6443/", "certificate-authority-data": in_base64(AUTHORITY)}


def config(cluster: Mapping[str, Any] = CLUSTER, user: Mapping[str, Any] | None = None, name: str = "dev") -> str:
    found = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {**cluster}}],
        "users": [{"name": name, "user": {"token": "t0"} if user is None else {**user}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    return str(yaml.safe_dump(found))


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    return tmp_path / "config"


def find(*paths: Path, name: str = "dev") -> ClusterConnection:
    return Kubeconfigs({"KUBECONFIG": os.pathsep.join(map(str, paths)), "PATH": SYSTEM_PATH}).find_context(name)


def refusal(*paths: Path, name: str = "dev") -> tuple[str, str, str]:
    with pytest.raises(EnvctlError) as refused:
        connection = find(*paths, name=name)
        connection.headers()
        connection.client_certificate()
    [problem] = refused.value.problems
    assert problem.hint
    return problem.code, problem.message, problem.hint


def test_context_leads_to_its_cluster_as_its_user(kubeconfig: Path) -> None:
    kubeconfig.write_text(config())
    found = find(kubeconfig)
    assert (found.url, found.authority) == ("https://kube.example:6443", AUTHORITY)
    assert found.headers() == {"Authorization": "Bearer t0"}
    assert found.client_certificate() is None
    assert not found.renew_credentials()
    assert "t0" not in repr(found)


def test_first_file_with_a_name_wins(tmp_path: Path) -> None:
    one, two, missing = tmp_path / "one", tmp_path / "two", tmp_path / "missing"
    one.write_text(config(user={"token": "first"}))
    two.write_text(config(user={"token": "second"}) + "\n")
    assert find(missing, one, two).headers() == {"Authorization": "Bearer first"}
    assert find(two, one).headers() == {"Authorization": "Bearer second"}


def test_context_may_join_entries_of_several_files(tmp_path: Path) -> None:
    parts = yaml.safe_load(config())
    paths = []
    for section in ("clusters", "users", "contexts"):
        paths.append(tmp_path / section)
        paths[-1].write_text(yaml.safe_dump({section: parts[section], "preferences": {}, "other": None}))
    assert find(*paths).url == "https://kube.example:6443"


def test_default_file_is_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(config())
    assert Kubeconfigs({}).find_context("dev").url == "https://kube.example:6443"


def test_values_stay_text(kubeconfig: Path) -> None:
    kubeconfig.write_text(
        "clusters: [{name: 1, cluster: {server: https://kube.example, proxy-url: null}}]\n"
        "users: [{name: yes, user: {token: 0123}}]\n"
        "contexts: [{name: 2026-01-01, context: {cluster: 1, user: yes}}]\n"
    )
    assert find(kubeconfig, name="2026-01-01").headers() == {"Authorization": "Bearer 0123"}


def test_paths_begin_at_the_folder_of_their_file(kubeconfig: Path) -> None:
    (kubeconfig.parent / "ca.pem").write_text(AUTHORITY)
    (kubeconfig.parent / "token").write_text("t1\n")
    kubeconfig.write_text(
        config({"server": "https://kube.example", "certificate-authority": "ca.pem"}, {"tokenFile": "token"})
    )
    found = find(kubeconfig)
    assert (found.authority, found.headers()) == (AUTHORITY, {"Authorization": "Bearer t1"})


def test_token_file_is_read_again_after_a_refusal(kubeconfig: Path) -> None:
    token = kubeconfig.parent / "token"
    token.write_text("t1")
    kubeconfig.write_text(config(user={"tokenFile": str(token), "token": "never"}))
    found = find(kubeconfig)
    assert found.headers() == {"Authorization": "Bearer t1"}
    token.write_text("t2")
    assert found.headers() == {"Authorization": "Bearer t1"}
    assert found.renew_credentials()
    assert found.headers() == {"Authorization": "Bearer t2"}


def test_user_may_act_as_another(kubeconfig: Path) -> None:
    kubeconfig.write_text(config(user={"token": "t", "as": "deployer", "as-groups": ["team"]}))
    headers = {"Authorization": "Bearer t", "Impersonate-User": "deployer", "Impersonate-Group": "team"}
    assert find(kubeconfig).headers() == headers


def test_context_without_user_is_anonymous(kubeconfig: Path) -> None:
    parts = yaml.safe_load(config())
    parts["contexts"][0]["context"]["user"] = ""
    kubeconfig.write_text(yaml.safe_dump(parts))
    assert find(kubeconfig).headers() == {}


def test_proxy_and_server_name_are_taken_over(kubeconfig: Path) -> None:
    kubeconfig.write_text(config({**CLUSTER, "proxy-url": "http://proxy:3128", "tls-server-name": "inner"}))
    found = find(kubeconfig)
    assert (found.proxy_url, found.server_name) == ("http://proxy:3128", "inner")


def test_client_certificate_and_loopback_without_verification_work(kubeconfig: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    own = authority.issue_cert("ann@example.com")
    (kubeconfig.parent / "key").write_bytes(own.private_key_pem.bytes())
    user = {
        "client-certificate-data": base64.b64encode(own.cert_chain_pems[0].bytes()).decode(),
        "client-key": "key",
    }
    site = Site(context)
    site.answers = [answer(200, b'{"kind": "Status"}')]
    with serving(site):
        kubeconfig.write_text(config({"server": site.url, "insecure-skip-tls-verify": True}, user))
        assert ClusterApi(find(kubeconfig), patience=2).get("/version") == {"kind": "Status"}
        kubeconfig.write_text(config({"server": site.url, "insecure-skip-tls-verify": True}, {}))
        with pytest.raises(EnvctlError):
            ClusterApi(find(kubeconfig), patience=0.5).get("/version")


def test_missing_context_is_told_with_the_nearest(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(config(name="shop-dev"))
    two.write_text(config(name="shop-prod"))
    assert refusal(one, two, name="shop-prd") == (
        "E632",
        f"there is no context shop-prd in {one}, {two}",
        "did you mean shop-prod?",
    )


def test_missing_kubeconfig_is_told(tmp_path: Path) -> None:
    code, message, hint = refusal(tmp_path / "none")
    assert (code, message) == ("E632", "there is no kubeconfig, and so no context dev")
    assert "KUBECONFIG" in hint


@pytest.mark.parametrize("kind", ["cluster", "user"])
def test_missing_part_of_a_context_is_told(kubeconfig: Path, kind: str) -> None:
    parts = yaml.safe_load(config())
    parts[f"{kind}s"][0]["name"] = "devel"
    kubeconfig.write_text(yaml.safe_dump(parts))
    code, message, hint = refusal(kubeconfig)
    assert (code, hint) == ("E632", "did you mean devel?")
    why = f"it names the {kind} dev, which is in no kubeconfig"
    assert message == f"the context dev in {kubeconfig} can't be used: {why}"


REFUSED: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], str, str]] = {
    "a password": (CLUSTER, {"username": "ann", "password": "hidden"}, "E633", "it signs in with a password"),
    "an auth provider": (CLUSTER, {"auth-provider": {"name": "oidc"}}, "E633", "it has an auth-provider"),
    "several groups": (CLUSTER, {"as": "x", "as-groups": ["a", "b"]}, "E633", "it acts as another user"),
    "TLS without verification": (
        {"server": "https://kube.example", "insecure-skip-tls-verify": True}, {}, "E633", "insecure-skip-tls-verify",
    ),
    "no TLS": ({"server": "http://kube.example"}, {}, "E633", "its server has no TLS"),
    "a login in the URL": ({"server": "https://a:hidden@kube.example"}, {}, "E633", "its server holds a login"),
    "a SOCKS proxy": ({**CLUSTER, "proxy-url": "socks5://proxy"}, {}, "E633", "its proxy-url is not HTTP"),
    "no server": ({}, {}, "E631", "its server is not a URL"),
    "a port that is none": ({"server": "https://kube.example:x"}, {}, "E631", "its server is not a URL"),
    "an authority that is no base64": (
        {**CLUSTER, "certificate-authority-data": "hidden!"}, {}, "E631", "certificate-authority-data is not PEM",
    ),
    "an authority that is not there": (
        {"server": "https://kube.example", "certificate-authority": "none.pem"}, {}, "E631", "No such file",
    ),
    "a key without certificate": (CLUSTER, {"client-key-data": in_base64("hidden")}, "E631", "client-certificate is"),
    "a token that is a list": (CLUSTER, {"token": ["hidden"]}, "E631", "token is not a text"),
    "a token with a line break": (CLUSTER, {"token": "hid\nden"}, "E631", "its token has characters"),
    "an exec entry that is text": (CLUSTER, {"exec": "hidden"}, "E631", "exec is not a map"),
    "an exec entry without command": (CLUSTER, {"exec": {}}, "E631", "has no command"),
    "an exec entry of an old version": (
        CLUSTER,
        {"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1alpha1"}},
        "E633",
        "v1alpha1",
    ),
    "an exec entry for a terminal": (
        CLUSTER,
        {"exec": {"command": "x", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Always"}},
        "E633",
        "its program wants a terminal",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cluster", "user", "code", "why"), REFUSED.values(), ids=REFUSED)
def test_unusable_entry_is_refused_with_its_file(
    kubeconfig: Path, cluster: Mapping[str, Any], user: Mapping[str, Any], code: str, why: str
) -> None:
    kubeconfig.write_text(config(cluster, user))
    found, message, hint = refusal(kubeconfig)
    assert found == code
    assert why in message
    assert str(kubeconfig) in message
    assert "hidden" not in message + hint


FILES: dict[str, str] = {
    "no YAML": "clusters: [\n",
    "a list": "- 1\n",
    "no list of contexts": "contexts: text\n",
    "a tag": "contexts: !!python/object:os.system {}\n",
    "too deep": "[" * 3000,
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_unreadable_file_is_an_error_with_its_place(kubeconfig: Path, text: str) -> None:
    kubeconfig.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        find(kubeconfig)
    [problem] = refused.value.problems
    assert problem.code == "E631"
    assert problem.location is not None
    assert problem.location.file == str(kubeconfig)


def test_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EnvctlError):
        find(tmp_path)
