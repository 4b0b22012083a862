"""The one comment of a command on a pull request: found again, kept current, and never that of an older run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envctl.adapters.forge.posts import UncertainPostError
from envctl.cli.ci.job_run import SHORT_COMMIT, JobRun, is_newer, parse_mark

if TYPE_CHECKING:
    from envctl.adapters.forge.posts import ForgePost
    from envctl.cli.ci.forge import Forge


MADE_BY_BRANCH = (
    "> Code of this branch made this text. What counts is the plan that a job of the protected branch makes."
)
"""Who can push to the branch decides what a comment says. The job that posts for GitHub says the same."""


def add_marker(name: str, text: str, folder: str = "") -> str:
    """Put an invisible marker in front of a text, to find it again. Projects in a folder have markers of their own."""
    place = f" at {folder}" if folder else ""
    return f"<!-- envctl: {name}{place} -->\n{text}"


@dataclass(frozen=True)
class Comment:
    """A comment to write.

    Attributes:
        name: the command.
        text: its result as Markdown.
        folder: the folder of the project; empty at the top of the repository.
        run: the run of the job, if known.
        failed: there is no result, only an error: the result of an earlier commit is stale.
        may_adopt: no other project can own a comment without a folder, which an older envctl wrote.
    """

    name: str
    text: str
    folder: str = ""
    run: JobRun | None = None
    failed: bool = False
    may_adopt: bool = True

    def render(self, existing: "ForgePost | None") -> str:
        """Return the whole body. The lines about its origin and the run come after the heading."""
        if self.run is None:
            return add_marker(self.name, self.text, self.folder)
        mark = parse_mark(existing.body) if existing else None
        planned = (mark.planned if mark else "") if self.failed else self.run.commit
        lines = [MADE_BY_BRANCH, self.run.describe()]
        if self.failed and planned and planned != self.run.commit:
            lines.append(
                f"> ⚠️ **Stale**: this commit has no result. The last result was of commit `{planned[:SHORT_COMMIT]}`."
            )
        heading, _, rest = self.text.partition("\n\n")
        text = "\n\n".join((heading.rstrip("\n"), *lines, *([rest] if rest else [])))
        return add_marker(self.name, f"{self.run.format_mark(planned)}\n{text}", self.folder)


def upsert_comment(forge: "Forge", pull_request: int, comment: Comment) -> bool:
    """Add or update the comment. Comments by people are never changed, even with a marker. Return False if the
    comment is of a newer run, and stays.
    """
    existing = find_comment(forge.list_comments(pull_request), comment)
    mark = parse_mark(existing.body) if existing else None
    if comment.run is not None and mark is not None and is_newer(mark, comment.run):
        return False
    body = comment.render(existing)
    if existing is None:
        try:
            forge.add_comment(pull_request, body)
        except UncertainPostError:
            # It may have been written all the same.
            if find_comment(forge.list_comments(pull_request), replace(comment, may_adopt=False)) is None:
                forge.add_comment(pull_request, body)
    # Compared without trailing space: GitLab removes it.
    elif existing.body.rstrip() != body.rstrip():
        forge.edit_comment(pull_request, existing.number, body)
    return True


def find_comment(posts: "Iterable[ForgePost]", comment: Comment) -> "ForgePost | None":
    """Return the comment of this command and project; else one of an older envctl, which had no folder in it."""
    adopted = None
    for post in posts:
        if not post.machine:
            continue
        if post.body.startswith(add_marker(comment.name, "", comment.folder)):
            return post
        is_old = post.body.startswith(add_marker(comment.name, "")) and parse_mark(post.body) is None
        if comment.folder and comment.may_adopt and is_old:
            adopted = adopted or post
    return adopted
