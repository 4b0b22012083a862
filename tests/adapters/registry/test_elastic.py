"""Amazon ECR: moto's own where boto3 asks, and a registry behind TLS for each account where layers go."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.registry.registries import Registries
from envctl.adapters.registry.transport import Limits
from envctl.adapters.sandbox.lifecycle import Sandbox
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.errors import OperationFailedError
from envctl.domain.images.image_reference import Image
from envctl.usecases.ports.aws import CopyProgress, RegistryImage
from tests.adapters.registry.conftest import free_port
from tests.adapters.registry.oci import Content, Registry, for_platforms, single

pytestmark = [pytest.mark.registry, pytest.mark.sandbox]
REGION = "ap-northeast-1"
ACCOUNTS = {"dev": "111111111111", "staging": "222222222222"}
HASHED = {
    "dev": "$2b$04$HYQ8msyJj7PvE9U8RxL0Ve8Xehg7aCFw1Fa6JneLKX7SvwlMq5ByW",
    "staging": "$2b$04$jcj51JgmOItcw2a/q2lFW.Y3X0wSNfVx/7.UZGzrAGKVF4mxLIw8y",
}
HOSTS = {environment: f"{account}.dkr.ecr.{REGION}.amazonaws.com" for environment, account in ACCOUNTS.items()}
ROLES = {environment: f"arn:aws:iam::{account}:role/envctl-deployer" for environment, account in ACCOUNTS.items()}
NOWHERE = "sha256:" + "0" * 64


class Relay:
    """A proxy that leads each host of ECR to a registry of its own on loopback, without looking into it."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.asked: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(visitor,), daemon=True).start()

    def _lead(self, visitor: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += visitor.recv(4096)
        host = head.split()[1].decode().partition(":")[0]
        self.asked.append(host)
        there = socket.create_connection(("127.0.0.1", self._ports[host]))
        visitor.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for one, other in ((visitor, there), (there, visitor)):
            threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()

    def close(self) -> None:
        self._server.close()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(1 << 16):
            other.sendall(data)
    except OSError:
        pass
    finally:
        for end in (one, other):
            end.close()


@dataclass
class Amazon:
    registries: Mapping[str, Registry]
    environment: Mapping[str, str]
    relay: Relay
    authority: Path


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    home = tmp_path_factory.mktemp("amazon")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(os.fspath(home / "ca.pem"))
    found = {}
    for environment, host in HOSTS.items():
        issued = authority.issue_cert(host)
        certificate, key = home / f"{environment}.pem", home / f"{environment}.key"
        issued.cert_chain_pems[0].write_to_path(os.fspath(certificate))
        issued.private_key_pem.write_to_path(os.fspath(key))
        login = ("AWS", f"{ACCOUNTS[environment]}-auth-token")
        found[environment] = Registry(
            home / environment, free_port(), login, HASHED[environment], (certificate, key), home / "ca.pem"
        )
        found[environment].up()
    sandbox = Sandbox(home / "sandbox")
    running = sandbox.start()
    relay = Relay({HOSTS[environment]: registry.port for environment, registry in found.items()})
    yield Amazon(found, running.build_environment({}), relay, home / "ca.pem")
    relay.close()
    sandbox.stop()
    for registry in found.values():
        registry.down()


@pytest.fixture
def sessions(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    for name, value in amazon.environment.items():
        monkeypatch.setenv(name, value)
    return Sessions(
        lambda: None,
        lambda name: AwsCredentialsSpec(
            environment=name, region=REGION, account_id=ACCOUNTS.get(name, ""), role=ROLES.get(name, "")
        ),
    )


@pytest.fixture
def registries(amazon: Amazon, sessions: Sessions) -> Registries:
    surroundings = {
        "HTTPS_PROXY": amazon.relay.url,
        "AWS_CA_BUNDLE": os.fspath(amazon.authority),
        "HOME": "/nonexistent",
    }
    return Registries(sessions.open_client, lambda: surroundings, limits=Limits(2, 5, 5, 2), sleep=lambda _: None)


def pulled(environment: str, repository: str, *, tag: str = "", digest: str = "") -> RegistryImage:
    return RegistryImage(Image(f"{HOSTS[environment]}/{repository}", tag, digest), environment)


def pushed(amazon: Amazon, sessions: Sessions, repository: str, content: Content, tag: str) -> None:
    """To the registry of dev, and told to its API, which moto keeps apart from any registry."""
    amazon.registries["dev"].push(repository, content)
    ecr = sessions.open_client("ecr", "dev", region=REGION)
    ecr.create_repository(repositoryName=repository)
    kind, manifest = content.manifests[content.digest]
    ecr.put_image(
        repositoryName=repository,
        imageManifest=manifest.decode(),
        imageManifestMediaType=kind,
        imageTag=tag,
        imageDigest=content.digest,
    )


def test_tag_is_resolved_and_missing_image_is_distinguished(
    amazon: Amazon, sessions: Sessions, registries: Registries
) -> None:
    content = for_platforms("ecr", "linux/amd64", "linux/arm64")
    pushed(amazon, sessions, "tags/shop", content, "1.4")
    assert registries.resolve_digest(pulled("dev", "tags/shop", tag="1.4")) == content.digest
    assert registries.resolve_digest(pulled("dev", "tags/shop", tag="1.5")) is None
    assert registries.resolve_digest(pulled("dev", "nowhere/shop", tag="1.4")) is None
    assert registries.find_image(pulled("dev", "tags/shop", digest=content.digest)) == "there"
    assert registries.find_image(pulled("dev", "tags/shop", digest=NOWHERE)) == "absent"
    # The same in another account, which nobody has pushed to.
    assert registries.find_image(pulled("staging", "tags/shop", digest=content.digest)) == "no repository"


def test_image_is_copied_between_accounts_with_own_logins(
    amazon: Amazon, sessions: Sessions, registries: Registries
) -> None:
    content = for_platforms("across", "linux/amd64", "linux/arm64", size=1 << 20)
    pushed(amazon, sessions, "across/shop", content, "1.4")
    amazon.relay.asked.clear()
    seen: list[CopyProgress] = []
    source, target = (pulled(environment, "across/shop", digest=content.digest) for environment in ACCOUNTS)
    registries.copy_image(source, target, seen.append)
    assert amazon.registries["staging"].holds("across/shop", content)
    assert seen[-1].blobs == seen[-1].total_blobs == len(content.blobs)
    assert set(amazon.relay.asked) == set(HOSTS.values())


def test_credentials_open_only_their_own_account_registry(
    amazon: Amazon, sessions: Sessions, registries: Registries
) -> None:
    content = single("locked")
    pushed(amazon, sessions, "locked/shop", content, "1.4")
    source = pulled("dev", "locked/shop", digest=content.digest)
    target = RegistryImage(pulled("staging", "locked/shop", digest=content.digest).image, "dev")
    with pytest.raises(OperationFailedError) as problem:
        registries.copy_image(source, target, lambda _: None)
    (only,) = problem.value.problems
    assert only.code == "E432"
    assert "auth-token" not in only.message + only.hint
    assert not amazon.registries["staging"].has_manifest("locked/shop", content.digest)


REFUSALS: dict[str, tuple[str, str]] = {
    "it may not": ("AccessDeniedException", "E432"),
    "its session is over": ("ExpiredTokenException", "E432"),
    "it is throttled": ("ThrottlingException", "E433"),
    "AWS has a bad day": ("ServerException", "E433"),
    "it is asked in a wrong way": ("InvalidParameterException", "E434"),
}


@pytest.mark.parametrize(("name", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_error_of_ecr_is_not_taken_as_absent(name: str, code: str) -> None:
    from botocore.exceptions import ClientError

    class Refusing:
        def batch_get_image(self, **_: object) -> Any:
            status = 500 if name == "ServerException" else 400
            said: Any = {"Error": {"Code": name, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(said, "BatchGetImage")

    def client(service: str, environment: str = "", *, region: str = "") -> Any:
        return Refusing()

    with pytest.raises(OperationFailedError) as problem:
        Registries(client, dict).find_image(pulled("dev", "shop", digest=NOWHERE))
    assert [each.code for each in problem.value.problems] == [code]
