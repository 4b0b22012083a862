"""The size limit of a page: the most important pieces are shown whole, the rest is counted.

GitHub refuses comments of more than 65,536 characters and step summaries of more than 1 MiB.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from envctl.cli.render.text.sentences import format_count

MAX_PAGE_SIZE = 60_000
# Larger pieces are left off, to keep room for the others.
MAX_PIECE_SIZE = 12_000


class Rank(IntEnum):
    """Importance of a piece, most important first. It does not affect the order on the page."""

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
    """Text shown whole or not at all."""

    text: str
    noun: str = "paragraph"  # its name in the count of omitted pieces
    rank: Rank = Rank.TEXT
    stack: str = ""  # the name of its stack, if any


@dataclass(frozen=True)
class Section:
    """Blocks between an opening and a closing, shown if at least one of the blocks is."""

    opening: str
    blocks: "tuple[Block, ...]"
    closing: str = ""
    separator: str = "\n\n"


Block = Piece | Section


def count_utf16(text: str) -> int:
    """Count UTF-16 code units, the strictest way in use to measure a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True)
class _PlacedPiece:
    path: tuple[int, ...]  # indexes from the page down
    piece: Piece
    sections: tuple[Section, ...]  # from the outermost


def fit_page(blocks: Sequence[Block], cap: int, full_output: str = "") -> str:
    """Return the page, at most `cap` long, with a note after its first block if pieces were left off.

    `full_output` is Markdown for the note: how to see the whole output. A larger `cap` only adds pieces.
    """
    placed = list(_locate_pieces(blocks))
    if count_utf16(whole := _assemble_page(blocks, {each.path for each in placed}, "")) <= cap:
        return whole
    kept = _choose_pieces(
        placed, cap - count_utf16(describe_omitted([each.piece for each in placed], full_output)) - len("\n\n\n")
    )
    return _assemble_page(
        blocks, kept, describe_omitted([each.piece for each in placed if each.path not in kept], full_output)
    )


def describe_omitted(pieces: Sequence[Piece], full_output: str) -> str:
    counts = Counter(piece.noun for piece in pieces)
    nouns = [format_count(number, noun) for noun, number in counts.items()]
    stacks = len({piece.stack for piece in pieces if piece.stack})
    listed = " and ".join(filter(None, (", ".join(nouns[:-1]), nouns[-1])))
    location = f" in {format_count(stacks, 'stack')}" if stacks else ""
    verb = "is" if len(pieces) == 1 else "are"
    return f"> ✂️ Too long for one comment: {listed}{location} {verb} left out. {full_output}".rstrip()


def _choose_pieces(placed: Sequence[_PlacedPiece], room: int) -> set[tuple[int, ...]]:
    """Return the paths of the pieces within `room`, by rank up to the first piece too large for the rest of it.

    Smaller pieces after that one are not taken: a larger `room` would then remove them.
    """
    kept: set[tuple[int, ...]] = set()
    opened: set[tuple[int, ...]] = set()
    for each in sorted(placed, key=lambda each: each.piece.rank):
        if count_utf16(each.piece.text) > MAX_PIECE_SIZE:
            continue
        frames = {each.path[: depth + 1]: section for depth, section in enumerate(each.sections)}
        between = each.sections[-1].separator if each.sections else "\n\n"
        room -= count_utf16(each.piece.text) + len(between)
        new_frames = [section for path, section in frames.items() if path not in opened]
        room -= sum(count_utf16(f"{new.opening}{new.closing}{2 * new.separator}\n\n") for new in new_frames)
        if room < 0:
            break
        kept.add(each.path)
        opened.update(frames)
    return kept


def _locate_pieces(
    blocks: Sequence[Block], path: tuple[int, ...] = (), around: tuple[Section, ...] = ()
) -> Iterator[_PlacedPiece]:
    for number, block in enumerate(blocks):
        match block:
            case Piece():
                yield _PlacedPiece((*path, number), block, around)
            case Section():
                yield from _locate_pieces(block.blocks, (*path, number), (*around, block))


def _assemble_page(blocks: Sequence[Block], kept: set[tuple[int, ...]], note: str) -> str:
    shown = [_render_block(block, (number,), kept) for number, block in enumerate(blocks)]
    texts = [text for text in (*shown[:1], note, *shown[1:]) if text]
    return "\n\n".join(texts) + "\n"


def _render_block(block: Block, path: tuple[int, ...], kept: set[tuple[int, ...]]) -> str | None:
    """Return None if no piece of the block is kept, as a kept piece may be an empty line."""
    if isinstance(block, Piece):
        return block.text if path in kept else None
    inner = [_render_block(each, (*path, number), kept) for number, each in enumerate(block.blocks)]
    texts = [text for text in inner if text is not None]
    if not texts:
        return None
    return block.separator.join((*filter(None, (block.opening,)), *texts, *filter(None, (block.closing,))))
