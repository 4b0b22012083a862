"""A store belongs to one project, and nothing is recorded where what is there can be written over."""

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.release.bundle import compute_identity, pack, unpack
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import lock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal, ledger_store
from envctl.usecases.ledger.ledger_store import (
    ENTRY_FOLDER,
    MARKER_KEY,
    MalformedMarkerError,
    StoreMarker,
    decode_marker,
    encode_marker,
    release_key,
)
from tests.fakes.overwritable import Forgetful, Lying
from tests.fakes.project_files import PROJECT
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging

OLD = Path(__file__).parent / "data" / "store_of_0.1.0.tar.gz"


def project(name: str, more: str = "") -> bytes:
    return PROJECT.replace(b'name = "shop"', f'name = "{name}"\n{more}'.encode())


def of_project(name: str, store: MemoryStore, more: str = "") -> World:
    world = World(store=store)
    world.tree.content["envctl.toml"] = project(name, more)
    return world


@pytest.fixture
@make_once
def shop() -> World:
    world = World()
    deploy_to_staging(world)
    return world


COMMANDS: dict[str, Callable[[World], object]] = {
    "apply": lambda world: apply(world.ports, "dev"),
    "promote": lambda world: promote(world.ports, "dev", "staging"),
    "rollback": lambda world: rollback(world.ports, "staging"),
    "approve": lambda world: approve_plan(world.ports, "prod", "peer"),
    "why": lambda world: explain_refusal(world.ports, "prod"),
    "status": lambda world: load_status(world.ports),
    "lock": lambda world: lock_environment(world.ports, "dev", "no"),
    "verify": lambda world: journal.verify_ledger(world.ports),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_store_of_another_project_is_refused(shop: World, command: Callable[[World], object]) -> None:
    other, before = of_project("blog", shop.store), dict(shop.store.content)
    with pytest.raises(OperationFailedError, match="E480 the store belongs to project shop, not to blog") as raised:
        command(other)
    assert '[store] project = "shop"' in raised.value.problems[0].hint
    assert shop.store.content == before


def test_store_without_marker_is_claimed_by_its_project(shop: World) -> None:
    del shop.store.content[MARKER_KEY]
    with pytest.raises(OperationFailedError, match="E480 the store belongs to project shop"):
        COMMANDS["lock"](of_project("blog", shop.store))
    assert MARKER_KEY not in shop.store.content
    COMMANDS["lock"](shop)
    assert decode_marker(shop.store.content[MARKER_KEY]) == StoreMarker("shop")


def test_release_of_another_project_is_refused(shop: World) -> None:
    """Its bundle is whole, its name right, and its proof in the ledger: it is of the other project all the same."""
    name = journal.load(shop.ports).find_environment("staging").current.release  # type: ignore[union-attr]
    release = unpack(shop.store.content[release_key(name)], name)
    foreign = pack(replace(release, wiring=replace(release.wiring, project="blog")))
    moved = MemoryStore(
        {
            key: data.replace(name.encode(), compute_identity(foreign).encode())
            for key, data in shop.store.content.items()
        }
    )
    moved.content[release_key(compute_identity(foreign))] = foreign
    world = World(store=moved)
    _chain_anew(moved)
    for command in ("promote", "approve", "why"):
        with pytest.raises(OperationFailedError, match=r"E482 release .* belongs to project blog, not to shop"):
            COMMANDS[command](world)
    assert not any(key.startswith("ledger/0000000009") for key in world.store.content)


def _chain_anew(store: MemoryStore) -> None:
    from envctl.domain.ledger.entries import GENESIS, hash_bytes
    from envctl.domain.ledger.entries import decode_entry as entry_of
    from envctl.domain.ledger.entries import encode_entry as bytes_of

    prev = GENESIS
    for key in store.list_keys(ENTRY_FOLDER):
        store.content[key] = bytes_of(replace(entry_of(store.content[key]), prev=prev))
        prev = hash_bytes(store.content[key])


def test_renamed_project_keeps_its_store(shop: World) -> None:
    renamed = of_project("boutique", shop.store, '[store]\nproject = "shop"')
    renamed.terraform, renamed.workspace = shop.terraform, shop.workspace
    renamed.nonces.given = 500
    renamed.edit("modules/network/main.tf", f"{renamed.tree.content['modules/network/main.tf'].decode()}# new name\n")
    assert journal.load(renamed.ports).find_environment("staging").current
    release = apply(renamed.ports, "dev").release
    assert unpack(shop.store.content[release_key(release)], release).wiring.project == "boutique"
    promote(renamed.ports, "dev", "staging")
    rollback(renamed.ports, "staging")
    with pytest.raises(OperationFailedError, match=r"E480 .* not to boutique"):
        load_status(of_project("boutique", shop.store).ports)


def test_two_new_projects_can_not_share_a_store() -> None:
    store = MemoryStore()
    shop, blog = World(store=store), of_project("blog", store)

    class BlogIsFaster(MemoryStore):
        def create(self, key: str, data: bytes) -> None:
            if key == MARKER_KEY and MARKER_KEY not in self.content:
                lock_environment(blog.ports, "dev", "ours")
            super().create(key, data)

    shop.store = BlogIsFaster(store.content)
    with pytest.raises(OperationFailedError, match="E480 the store belongs to project blog"):
        lock_environment(shop.ports, "dev", "mine")
    assert len(list_entries(blog)) == 1


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"[" * 99_999, b'{"format":2,"project":"shop","endpoint":""}', b"\xff"]
)
def test_malformed_marker_is_an_error(shop: World, data: bytes) -> None:
    with pytest.raises(MalformedMarkerError):
        decode_marker(data)
    shop.store.content[MARKER_KEY] = data
    with pytest.raises(OperationFailedError, match=r"E480 the owner of the store can't be read from project\.json"):
        load_status(shop.ports)


def test_marker_survives_encoding() -> None:
    assert decode_marker(encode_marker(StoreMarker("größe", "https://s3.example.com"))) == StoreMarker(
        "größe", "https://s3.example.com"
    )


# A store that lets things be written over.


@pytest.mark.parametrize("store", [Forgetful(), Lying()], ids=["silent", "lying"])
def test_overwritable_store_gets_no_entry(store: MemoryStore) -> None:
    world = World(store=store)
    for command in ("lock", "apply", "lock"):
        with pytest.raises(OperationFailedError, match="E426 the store ignores If-None-Match"):
            COMMANDS[command](world)
    assert store.list_keys(ENTRY_FOLDER) == []
    assert MARKER_KEY not in store.content


def test_store_is_probed_once_per_endpoint() -> None:
    world = World()
    lock_environment(world.ports, "dev", "no")
    assert ledger_store.is_probed(world.ports)
    assert decode_marker(world.store.content[MARKER_KEY]).endpoint == ""
    world.store = Forgetful(world.store.content)
    lock_environment(world.ports, "staging", "nobody has to try it twice")
    world.store = Forgetful(world.store.content, endpoint="https://gateway.example.com")
    with pytest.raises(OperationFailedError, match="E426"):
        lock_environment(world.ports, "prod", "never recorded")
    assert len(list_entries(world)) == 2


# A store of before.


def old_store() -> MemoryStore:
    with tarfile.open(OLD) as tar:
        found = {member.name: tar.extractfile(member) for member in tar if member.isreg()}
        return MemoryStore({name: file.read() for name, file in found.items() if file})


def test_store_of_older_envctl_is_read_and_continued() -> None:
    """`envctl` as it was before stores had an owner made it: a release in three environments, and many locks."""
    world = of_project("shop", old_store())
    before = dict(world.store.content)
    now = journal.verify_ledger(world.ports)
    assert (now.seq, now.head) == (78, "0611f02d582c952d482214449af63f47496a791cd0443ffad49bbc6166cae971")
    assert journal.load(world.ports) == now
    (release,) = now.releases
    for name in ("dev", "staging", "prod"):
        here = now.find_environment(name)
        assert here.current is not None
        assert (here.current.release, here.whole, here.current_evidence is not None) == (release, True, True)
    assert world.store.content == before
    lock_environment(world.ports, "prod", "we migrate")
    assert {key: world.store.content[key] for key in before} == before
    assert world.store.content.keys() - before.keys() == {
        MARKER_KEY,
        ledger_store.PROBE_KEY,
        f"{ENTRY_FOLDER}0000000079.json",
    }
    assert journal.verify_ledger(world.ports).find_environment("prod").lock
    assert io.BytesIO(world.store.content[release_key(release)]).read(9) == b"modules/w"
