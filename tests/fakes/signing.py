"""A world in which entries have to be signed, and what somebody can do there who may write into the store by hand."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from envctl.domain.ledger.entries import Entry, decode, digest, encode
from envctl.domain.ledger.events import Actor, Event
from envctl.domain.ledger.signatures import written
from envctl.usecases.project import signing_keys
from tests.fakes.world import PROJECT, World

ORDER = ("dev", "staging", "prod")
MALLORY = Actor("mallory", "aws", verified=True)
LATE = datetime(2026, 11, 26, tzinfo=UTC)


def signed_project(environments: tuple[str, ...] = ORDER, **signed_from: int) -> bytes:
    text = PROJECT.decode()
    for name in environments:
        table = f"[environments.{name}]"
        key = f'signing_key = "alias/envctl-{name}"\naccount_id = "111111111111"\nregion = "ap-northeast-1"\n'
        since = f"signed_from = {signed_from[name]}\n" if name in signed_from else ""
        text = text.replace(f"{table}\n", f"{table}\n{key}{since}")
    return text.encode()


def signing_world(environments: tuple[str, ...] = ORDER, **signed_from: int) -> World:
    """Its keys are made, and pinned."""
    world = World()
    world.tree.content["envctl.toml"] = signed_project(environments, **signed_from)
    signing_keys.pin(world.ports, create=True)
    return world


@dataclass
class Intruder:
    """Has the credentials of some environments, and so whatever their keys sign. Writes past envctl, and never through
    it.
    """

    world: World
    keys: tuple[str, ...] = ("dev",)
    actor: Actor = field(default=MALLORY)

    def entries(self) -> list[Entry]:
        content = self.world.store.content
        return [decode(content[key]) for key in self.world.store.keys("ledger/")]

    def forge(self, event: Event, *, key: str = "") -> Entry:
        """Appends an entry that fits the chain, signed with a key that the intruder has or not at all."""
        before = self.entries()
        head = digest(encode(before[-1]))
        entry = self.sign(Entry(len(before) + 1, head, LATE, self.actor, event), key)
        self.put(entry)
        return entry

    def sign(self, entry: Entry, key: str) -> Entry:
        if not key:
            return entry
        assert key in self.keys, "nobody gave the intruder that one"
        message = self.world.trust.message(entry)
        value = self.world.signatures.sign(key, "ECDSA_SHA_256", message, personally=False)
        return replace(entry, signature=written(self.world.trust.pinned[key].keys[-1], value))

    def put(self, entry: Entry, number: int = 0) -> None:
        """In whatever place, over whatever is there."""
        self.world.store.content[f"ledger/{number or entry.seq:010d}.json"] = encode(entry)

    def rewrite(self, entries: list[Entry], *, since: int) -> None:
        """Puts these in the place of all from a number on, with hashes that fit. Signatures stay what they were."""
        kept = self.entries()[: since - 1]
        for key in self.world.store.keys("ledger/")[since - 1 :]:
            del self.world.store.content[key]
        head = digest(encode(kept[-1]))
        for seq, entry in enumerate(entries, since):
            moved = replace(entry, seq=seq, prev=head)
            self.put(moved)
            head = digest(encode(moved))
