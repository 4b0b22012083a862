"""Who the authors of a deployment are, in random histories of a real repository, against an account of its own.

The account knows people by number, and commits as sets. envctl knows what git, the ledger and names say.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as configure
from hypothesis import strategies as st

from envctl.adapters.local.git import Git
from envctl.domain.config.project import Project
from envctl.domain.guards import Request
from envctl.domain.guards.approvals import count_missing_approvals
from envctl.domain.guards.authors import list_authors
from envctl.domain.ledger.events import Actor, DeploymentStarted, DeploymentSucceeded
from envctl.domain.ledger.people.person_names import is_named_in
from envctl.domain.ledger.state import Approval, LedgerState
from envctl.domain.release.bundle import File, Release
from envctl.domain.rules.environment_rules import Rules
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.change_authors import add_authors
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.project import Revision
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.release import release_store
from tests.fakes.world import World

PEOPLE, PROMOTER, FORGE = 5, 9, 8
NAMES = ("ann", "bob", "cat", "dan", "eve")
SETTINGS, RULES, CODE, OTHERS = (
    "environments/prod/terraform.tfvars",
    "envctl.toml",
    "main.tf",
    "environments/dev/x.tfvars",
)


def name_in_git(person: int, spelling: int) -> str:
    """One of the addresses of a person: its own, one of GitHub, or the mailbox with a word of its own."""
    name = NAMES[person]
    return (f"{name}@example.com", f"{person}7+{name.upper()}@users.noreply.github.com", f"{name}+x@example.com")[
        spelling
    ]


@dataclass(frozen=True)
class Commit:
    """`people` have a part in it. `parents` and `number` are by the account."""

    number: int
    parents: tuple[int, ...]
    people: frozenset[int]
    paths: frozenset[str]


@dataclass
class Made:
    """A release by the account. `makers` have a part in it since the release before."""

    identity: str
    aim: str
    head: int
    makers: frozenset[int]


@dataclass
class Account:
    """What happened, as it is told by the steps."""

    commits: dict[int, Commit] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    running: tuple[int, int, dict[str, int]] | None = None  # place in `made`, commit of the tree, contents

    def reach(self, *heads: int) -> frozenset[int]:
        found, todo = set[int](), list(heads)
        while todo:
            if (number := todo.pop()) not in found:
                found.add(number)
                todo += self.commits[number].parents
        return frozenset(found)

    def people(self, commits: frozenset[int], *paths: str) -> frozenset[int]:
        parts = (self.commits[n] for n in commits)
        return frozenset(p for each in parts if not paths or each.paths & {*paths} for p in each.people)

    def release(self, identity: str, aim: str, head: int, creator: int, writer: int) -> None:
        before = [each for each in self.made if each.aim == aim]
        left_out = self.reach(before[-1].head) if before else self.reach(*self.commits[head].parents[:1])
        self.made.append(Made(identity, aim, head, self.people(self.reach(head) - left_out) | {creator, writer}))

    def authors(self, wanted: int, head: int, content: dict[str, int]) -> frozenset[int]:
        if self.running is None:
            return self.made[wanted].makers
        runs, tree, before = self.running
        makers = set(self.made[wanted].makers)
        for number, each in enumerate(self.made):
            if each.aim == "" and min(runs, wanted) < number <= max(runs, wanted):
                makers |= each.makers
        new = self.reach(head) - self.reach(tree)
        if content[SETTINGS] != before[SETTINGS]:
            makers |= self.people(new, SETTINGS, RULES)
        return frozenset(makers)

    def missing(self, authors: frozenset[int], approvers: Sequence[int], need: int) -> int:
        given = {each for each in approvers if each != PROMOTER}
        return max([0, need - len(given), *(need - len(given - {author}) for author in authors)])


class RecordedGit(Git):
    """Git, where the working tree is as it was committed."""

    def read_revision(self, paths: Sequence[str], files: Mapping[str, File] | None = None) -> Revision:
        return replace(super().read_revision(()), uncommitted=False, differences=())


class Repository:
    """A repository that is written without a working tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder), "GIT_DIR": str(folder / ".git")}
        self.run("init", "-q", str(folder))
        self.ids: dict[int, str] = {}

    def run(self, *words: str, text: str = "") -> str:
        done = subprocess.run(["git", *words], env=self.env, input=text, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, commit: Commit, content: dict[str, int], author: str, committer: str, message: str) -> None:
        """Write all files, each with its content, as one commit, and go there."""
        files = "".join(
            f"M 100644 inline {path}\ndata {len(str(value))}\n{value}\n" for path, value in sorted(content.items())
        )
        first, *others = [self.ids[each] for each in commit.parents] or [""]
        parents = (f"from {first}\n" if first else "") + "".join(f"merge {each}\n" for each in others)
        stream = (
            f"commit refs/work/{commit.number}\nmark :1\nauthor A <{author}> {commit.number} +0000\n"
            f"committer C <{committer}> {commit.number} +0000\ndata {len(message)}\n{message}\n{parents}deleteall\n"
            f"{files}get-mark :1\n"
        )
        self.ids[commit.number] = self.run("fast-import", "--quiet", "--force", text=stream)
        self.go(commit.number)

    def go(self, number: int) -> None:
        (self.folder / ".git/HEAD").write_text(f"{self.ids[number]}\n")


people = st.integers(0, PEOPLE - 1)
changes = st.sets(st.sampled_from((SETTINGS, RULES, CODE, OTHERS)), min_size=1, max_size=2)


@st.composite
def commits(draw: st.DrawFn) -> tuple[object, ...]:
    how = draw(st.sampled_from(("on", "on", "on", "merge", "amend", "squash", "revert")))
    committer = draw(st.one_of(people, st.just(FORGE)))
    who = draw(people), committer, draw(st.lists(people, max_size=2))
    return ("commit", how, who, draw(changes), draw(spellings))


spellings = st.integers(0, 2)
releases = st.tuples(st.just("release"), st.sampled_from(("", "", "", "sandbox")), people)
deployments = st.tuples(st.just("deploy"), st.integers(0, 3))
questions = st.tuples(
    st.just("ask"), st.integers(0, 3), st.lists(st.integers(0, PEOPLE - 1), max_size=4), st.integers(1, 3)
)
steps = st.lists(st.one_of(commits(), commits(), releases, deployments, questions), min_size=4, max_size=14)


@cache
def build_parts() -> tuple[Release, Project]:
    world = World()
    project = project_file.load_project(world)
    return working_tree.build_release(Context(world, project)), project


class History:
    def __init__(self, folder: Path) -> None:
        self.release, project = build_parts()
        self.world, self.repository, self.account = World(), Repository(folder), Account()
        self.world.version_control = RecordedGit(folder)  # type: ignore[assignment]
        self.context = Context(self.world, project)
        self.numbers, self.contents, self.head = count(1), {0: dict.fromkeys((SETTINGS, RULES, CODE, OTHERS), 0)}, 0
        self.writers: dict[int, int] = {}
        self.commit("on", (0, 0, []), {CODE}, 0)

    def commit(self, how: str, who: tuple[int, int, list[int]], paths: set[str], spelling: int) -> None:
        """Commit for an author, a committer and co-authors."""
        author, committer, coauthors = who
        number, account, before = next(self.numbers), self.account, account_parents(self.account, self.head)
        content = dict(self.contents[self.head])
        parents: tuple[int, ...] = (self.head,) if self.head else ()
        if how == "merge" and before:
            # Of a branch with one commit of the next person.
            self.branch(before, (author + 1) % PEOPLE, paths, spelling)
            parents = (parents[0], self.head)
            content |= {path: self.contents[self.head][path] for path in paths}
        else:
            if how == "amend" and before:
                parents = (before,)
            if how == "revert":
                content |= dict.fromkeys(paths, 0)
            else:
                content |= dict.fromkeys(paths, number)
        # Who merges decides what becomes of a file that one of the sides has otherwise.
        sides = [self.contents[each] for each in parents or (0,)]
        changed = frozenset(path for path in content if any(content[path] != side[path] for side in sides))
        named = "".join(f"\nCo-authored-by: C <{name_in_git(each, spelling)}>" for each in coauthors)
        if how == "squash":
            named = "\n" + "".join(
                f"\ncommit c0ffee\nAuthor: C <{name_in_git(each, spelling)}>\n\n    x" for each in coauthors
            )
        of_forge = "noreply@github.com" if committer == FORGE else name_in_git(committer, spelling)
        people = frozenset({author, committer, *coauthors} - {FORGE})
        made = Commit(number, parents, people, changed)
        account.commits[number], self.contents[number], self.head = made, content, number
        self.writers[number] = author
        self.repository.commit(
            made, content, name_in_git(author, spelling), of_forge, f"one{chr(10) if named else ''}{named}"
        )

    def branch(self, parent: int, author: int, paths: set[str], spelling: int) -> None:
        number = next(self.numbers)
        content = self.contents[parent] | dict.fromkeys(paths, number)
        made = Commit(number, (parent,), frozenset({author}), frozenset(paths))
        self.account.commits[number], self.contents[number], self.head = made, content, number
        self.writers[number] = author
        address = name_in_git(author, spelling)
        self.repository.commit(made, content, address, address, "branch")

    def make(self, aim: str, creator: int) -> None:
        identity = f"{len(self.account.made):064x}"
        self.world.identity.name = NAMES[creator]
        release_store.save_bundle(self.world, identity, b"bundle", self.release, aim)
        self.account.release(identity, aim, self.head, creator, self.writers[self.head])

    def find(self, back: int) -> int | None:
        """One of the last releases of the pipeline."""
        own = [number for number, each in enumerate(self.account.made) if each.aim == ""]
        return own[max(-len(own), -1 - back)] if own else None

    def deploy(self, back: int) -> None:
        if (wanted := self.find(back)) is None:
            return
        identity, content = self.account.made[wanted].identity, self.contents[self.head]
        started = DeploymentStarted(
            environment="prod",
            release=identity,
            settings=str(content[SETTINGS]),
            action="promote",
            source="staging",
            place="place",
            commit=self.repository.ids[self.head],
        )
        entry = journal.append_event(self.world, lambda _: started)
        ended = DeploymentSucceeded(environment="prod", release=identity, started=entry.seq, stacks=("web",))
        journal.append_event(self.world, lambda _: ended)
        self.account.running = (wanted, self.head, dict(content))

    def ask(self, back: int, approvers: list[int], need: int) -> None:
        if (wanted := self.find(back)) is None:
            return
        present, content = journal.load(self.world), self.contents[self.head]
        identity = self.account.made[wanted].identity
        request = self.build_request(present, identity, str(content[SETTINGS]), approvers, need)
        request = add_authors(self.context, request)
        known, authors = self.account.authors(wanted, self.head, content), list_authors(request)
        found = frozenset(p for p in range(PEOPLE) if any(is_named_in(Actor(NAMES[p]), each) for each in authors))
        assert (found, len(authors), request.unknown_authors) == (known, len(known), "")
        assert count_missing_approvals(request) == {"peer": self.account.missing(known, approvers, need)}

    def build_request(
        self, present: LedgerState, release: str, digest: str, approvers: list[int], need: int
    ) -> Request:
        given = tuple(
            Approval(gate="peer", release=release, settings=digest, by=Actor(NAMES[each]), at=present.at, place="place")  # type: ignore[arg-type]
            for each in approvers
        )
        there = replace(present.find_environment("prod"), approvals=given)
        return Request(
            action="promote",
            pipeline=self.context.project.pipeline,
            target="prod",
            source="staging",
            release=release,
            settings=digest,
            bundle="intact",
            present=replace(present, environments={**present.environments, "prod": there}),
            actor=Actor("promoter"),
            now=self.world.clock.now(),
            rules=Rules(approvals={"peer": need}),
            place="place",
        )


def account_parents(account: Account, head: int) -> int:
    """The first parent of a commit, or 0."""
    parents = account.commits[head].parents if head else ()
    return parents[0] if parents else 0


def plays(folder: Path, script: list[tuple[object, ...]]) -> None:
    history = History(folder)
    act = {"commit": history.commit, "release": history.make, "deploy": history.deploy, "ask": history.ask}
    for name, *arguments in [*script, ("ask", 0, [0, 1], 1)]:
        act[str(name)](*arguments)  # type: ignore[operator]


@pytest.mark.slow
@given(steps)
@configure(max_examples=40)
@example([("release", "", 0), ("deploy", 0), ("commit", "on", (1, 1, []), {CODE}, 0), ("release", "", 1),
          ("commit", "on", (2, 2, []), {CODE}, 0), ("release", "", 2), ("ask", 0, [1], 1)])  # fmt: skip
@example([("release", "", 0), ("deploy", 0), ("commit", "on", (1, FORGE, [2]), {SETTINGS}, 1), ("ask", 0, [1, 2], 1)])
@example([("release", "", 0), ("commit", "on", (0, 0, []), {SETTINGS}, 0), ("deploy", 0),
          ("commit", "merge", (1, 0, []), {SETTINGS}, 0)])  # fmt: skip
def test_authors_in_random_histories(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[object, ...]]
) -> None:
    plays(tmp_path_factory.mktemp("history"), script)


@pytest.mark.night
@given(steps)
@configure(max_examples=300, derandomize=False)
def test_authors_in_many_histories(tmp_path_factory: pytest.TempPathFactory, script: list[tuple[object, ...]]) -> None:
    plays(tmp_path_factory.mktemp("history"), script)
