"""Images that have got their digests."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_text
from envctl.cli.render.text.counting import format_count
from envctl.cli.render.text.sentences import join_clauses
from envctl.domain.text.lists import join_names
from envctl.usecases.account.image_pins import PinnedImages

DIGEST_WIDTH = len("sha256:") + 12


def show_pinned_images(pinned: PinnedImages, out: Console) -> None:
    print_text(out, (format_conclusion(pinned), "green" if pinned.images else ""))
    for each in pinned.images:
        print_text(out, (each.image, "bold"), f" in {each.file}", indent=2)
        if each.before:
            print_text(out, f"{_shorten(each.before)} → {_shorten(each.digest)}", indent=6)


def _shorten(digest: str) -> str:
    return digest[:DIGEST_WIDTH]


def format_conclusion(pinned: PinnedImages) -> str:
    unknown = f"digest of {format_count(len(pinned.unknown), 'image')} unknown" if pinned.unknown else ""
    if not pinned.images and not unknown:
        return "No tag has moved." if pinned.refreshed else "All images have a digest."
    files = {each.file for each in pinned.images}
    new = {each.image for each in pinned.images if not each.before}
    moved = {each.image for each in pinned.images if each.before}
    parts = [
        f"{format_count(len(new), 'image')} pinned" if new else "",
        f"{format_count(len(moved), 'image')} moved to another digest" if moved else "",
    ]
    done = join_names(tuple(filter(None, parts)))
    found = f"{done}, in {format_count(len(files), 'file')}" if done else ""
    return f"{join_clauses((unknown, found))}."
