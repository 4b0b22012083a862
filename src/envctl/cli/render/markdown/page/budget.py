"""What a page has room for: pieces are shown whole or not at all, what matters most first, and the rest is counted.

A comment on GitHub holds 65,536 characters, a step summary 1 MiB: a page that has more is refused as a whole.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from envctl.cli.render.terminal.counting import counted

CAP = 60_000
# One piece must not take the room of all others.
LARGEST = 12_000


class Rank(IntEnum):
    """What is shown first where there is not room for all; on the page everything keeps its place."""

    HEADING = 0
    DANGER = 1
    TEXT = 2
    ROW = 3
    DETAIL = 4
    CHANGE = 5
    NEW = 6
    REST = 7


@dataclass(frozen=True)
class Piece:
    """`noun` is what it is called when it has to be left off, `within` the stack that it belongs to."""

    text: str
    noun: str = "paragraph"
    rank: Rank = Rank.TEXT
    within: str = ""


@dataclass(frozen=True)
class Section:
    """Pieces between an opening and a closing, which are there as soon as one of the pieces is."""

    opening: str
    inner: "tuple[Block, ...]"
    closing: str = ""
    between: str = "\n\n"


Block = Piece | Section


def size(text: str) -> int:
    """As whoever counts most strictly does: a character outside of the basic plane is two."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(frozen=True)
class _Placed:
    """`path` counts its way down from the page; `around` are the sections that it stands in, from the outermost."""

    path: tuple[int, ...]
    piece: Piece
    around: tuple[Section, ...]


def fitted(blocks: Sequence[Block], cap: int, way: str = "") -> str:
    """The page, at most `cap` long, with a note behind its first block where something was left off.

    `way` says, in Markdown, how to see all of it. With more room nothing that was shown goes.
    """
    placed = list(_placed(blocks))
    if size(whole := _page(blocks, {each.path for each in placed}, "")) <= cap:
        return whole
    kept = _chosen(placed, cap - size(left_off([each.piece for each in placed], way)) - len("\n\n\n"))
    return _page(blocks, kept, left_off([each.piece for each in placed if each.path not in kept], way))


def left_off(pieces: Sequence[Piece], way: str) -> str:
    numbers = Counter(piece.noun for piece in pieces)
    told = [counted(number, noun) for noun, number in numbers.items()]
    stacks = len({piece.within for piece in pieces if piece.within})
    what = " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))
    where = f" in {counted(stacks, 'stack')}" if stacks else ""
    verb = "is" if len(pieces) == 1 else "are"
    return f"> ✂️ There is more than fits here: {what}{where} {verb} left off. {way}".rstrip()


def _chosen(placed: Sequence[_Placed], room: int) -> set[tuple[int, ...]]:
    """As many as there is room for, in the order of their rank. The first that does not fit ends it: were smaller ones
    taken after it, more room could mean that they have to go.
    """
    kept: set[tuple[int, ...]] = set()
    opened: set[tuple[int, ...]] = set()
    for each in sorted(placed, key=lambda each: each.piece.rank):
        if size(each.piece.text) > LARGEST:
            continue
        frames = {each.path[: depth + 1]: section for depth, section in enumerate(each.around)}
        between = each.around[-1].between if each.around else "\n\n"
        room -= size(each.piece.text) + len(between)
        room -= sum(_frame(section) for path, section in frames.items() if path not in opened)
        if room < 0:
            break
        kept.add(each.path)
        opened.update(frames)
    return kept


def _frame(section: Section) -> int:
    return size(section.opening) + size(section.closing) + 2 * len(section.between) + len("\n\n")


def _placed(blocks: Sequence[Block], path: tuple[int, ...] = (), around: tuple[Section, ...] = ()) -> Iterator[_Placed]:
    for number, block in enumerate(blocks):
        match block:
            case Piece():
                yield _Placed((*path, number), block, around)
            case Section():
                yield from _placed(block.inner, (*path, number), (*around, block))


def _page(blocks: Sequence[Block], kept: set[tuple[int, ...]], note: str) -> str:
    shown = [_shown(block, (number,), kept) for number, block in enumerate(blocks)]
    told = [text for text in (*shown[:1], note, *shown[1:]) if text]
    return "\n\n".join(told) + "\n"


def _shown(block: Block, path: tuple[int, ...], kept: set[tuple[int, ...]]) -> str | None:
    """None where nothing of it is shown: a piece may be an empty line."""
    if isinstance(block, Piece):
        return block.text if path in kept else None
    inner = [_shown(each, (*path, number), kept) for number, each in enumerate(block.inner)]
    told = [text for text in inner if text is not None]
    if not told:
        return None
    return block.between.join((*filter(None, (block.opening,)), *told, *filter(None, (block.closing,))))
