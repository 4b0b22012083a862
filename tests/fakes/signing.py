"""A world with signed ledger entries, and an intruder with write access to its store."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from envctl.domain.ledger.entries import Entry, decode_entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import Actor, Event
from envctl.domain.ledger.signatures import to_signature
from envctl.usecases.project import signing_keys
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World

ORDER = ("dev", "staging", "prod")
MALLORY = Actor("mallory", via="aws", verified=True)
LATE = datetime(2026, 11, 26, tzinfo=UTC)


def build_signed_project(environments: tuple[str, ...] = ORDER, **signed_from: int) -> bytes:
    text = PROJECT.decode()
    for name in environments:
        table = f"[environments.{name}]"
        key = f'signing_key = "alias/envctl-{name}"\naccount_id = "111111111111"\nregion = "ap-northeast-1"\n'
        since = f"signed_from = {signed_from[name]}\n" if name in signed_from else ""
        text = text.replace(f"{table}\n", f"{table}\n{key}{since}")
    return text.encode()


def create_signing_world(environments: tuple[str, ...] = ORDER, **signed_from: int) -> World:
    """Return a world with created and pinned keys."""
    world = World()
    world.tree.content["envctl.toml"] = build_signed_project(environments, **signed_from)
    signing_keys.pin_keys(world.ports, create=True)
    return world


@dataclass
class Intruder:
    """Writes into the store without envctl, and signs with the keys of some environments."""

    world: World
    keys: tuple[str, ...] = ("dev",)
    actor: Actor = field(default=MALLORY)

    def read_entries(self) -> list[Entry]:
        content = self.world.store.content
        return [decode_entry(content[key]) for key in self.world.store.list_keys("ledger/")]

    def forge_entry(self, event: Event, *, key: str = "") -> Entry:
        """Append an entry with a correct hash, signed with a key of the intruder or unsigned."""
        before = self.read_entries()
        head = hash_bytes(encode_entry(before[-1]))
        entry = self.sign_entry(Entry(seq=len(before) + 1, prev=head, at=LATE, actor=self.actor, event=event), key)
        self.write_entry(entry)
        return entry

    def sign_entry(self, entry: Entry, key: str) -> Entry:
        if not key:
            return entry
        assert key in self.keys, "nobody gave the intruder that one"
        message = self.world.trust.encode_signed_message(entry)
        value = self.world.signatures.sign(key, "ECDSA_SHA_256", message, personally=False)
        return replace(entry, signature=to_signature(self.world.trust.pinned[key].keys[-1], value))

    def write_entry(self, entry: Entry, number: int = 0) -> None:
        """Write an entry under its number or another one, over an existing entry."""
        self.world.store.content[f"ledger/{number or entry.seq:010d}.json"] = encode_entry(entry)

    def rewrite_entries(self, entries: list[Entry], *, since: int) -> None:
        """Replace all entries from a number on, with correct hashes and unchanged signatures."""
        kept = self.read_entries()[: since - 1]
        for key in self.world.store.list_keys("ledger/")[since - 1 :]:
            del self.world.store.content[key]
        head = hash_bytes(encode_entry(kept[-1]))
        for seq, entry in enumerate(entries, since):
            moved = replace(entry, seq=seq, prev=head)
            self.write_entry(moved)
            head = hash_bytes(encode_entry(moved))
