"""What people write into the working tree: code, settings, and what the project file says of environments."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from envctl.domain.release.bundle import File
from tests.fakes.folders import MemoryTree
from tests.fakes.project_files import NETWORK
from tests.usecases.laws.machines import ENVIRONMENTS, LEAVING, Machine, Shared
from tests.usecases.laws.oracle.account import Place
from tests.usecases.laws.oracle.oracle import Oracle
from tests.usecases.laws.oracle.rulebook import NEW_NAMES, Asked, Rules
from tests.usecases.project_text import BESIDE, NO_THIRD, USUAL_ACCOUNT, Third, project

SEEN, ROGUE = "modules/network/third.tf", "modules/beside/main.tf"
ENVIRONMENT = 'variable "environment" { type = string }\n'
DEPTH = 'variable "depth" {\n  type    = number\n  default = 0\n}\n'
# It takes what the settings of prod hold.
OUTSIDE = ENVIRONMENT + 'variable "cidr" { type = string }\nvariable "size" { type = number }\n'
OBJECT = "{apiVersion: v1, kind: ConfigMap, metadata: {name: jobs}}\n"
THIRDS = ("jobs", "cron", "pods", BESIDE)
# envctl refuses a region that AWS does not have.
REGIONS = ("eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2")
PLACES: dict[str, Callable[[int], str]] = {
    "account_id": "{:012}".format,
    "region": lambda number: REGIONS[number % len(REGIONS)],
    "assume_role": "arn:aws:iam::ACCOUNT:role/deployer-{}".format,
    "external_id": "shop-{}".format,
}


def settings_path(environment: str) -> str:
    return f"environments/{environment}/terraform.tfvars"


def stack_path(environment: str) -> str:
    return f"environments/{environment}/web.tfvars"


def settings_of(tree: MemoryTree, environment: str) -> bytes:
    """The settings that count there: each line of the file of a stack before its own file, and then the common one."""
    found: dict[str, str] = {}
    # Only web has what its file says.
    for path in ("environments/common.tfvars", settings_path(environment), stack_path(environment)):
        # An environment that is gone has none.
        for line in tree.content.get(path, b"").decode().splitlines():
            name, _, value = line.partition(" = ")
            found[name] = value
    return repr(sorted(found.items())).encode()


class Edits:
    """`book` is what the project file asks by the book; `by_word` means that it is said what becomes of stacks that
    leave.
    """

    here: Machine
    elsewhere: Machine
    shared: Shared
    oracle: Oracle
    book: Asked
    by_word = True

    def called(self, kind: str) -> str:
        """How an environment is called in the project file of now."""
        return self.shared.asked.name(kind) if kind in self.shared.asked.order else kind

    def place(self, kind: str) -> Place:
        return self.oracle.places[self.called(kind)]

    def edits_code(self, text: str) -> None:
        self.here.edit("modules/network/main.tf", NETWORK.decode() + f"# {text}\n")

    def plants(self, path: str, number: int) -> None:
        self.here.edit(path, f"# planted {number}\n")

    def plants_in_work_folder(self, of: str) -> None:
        """Code beside what the last command laid there, on both machines."""
        for machine in (self.here, self.elsewhere):
            code = machine.workspace.code.get(self.called(of), {})
            machine.workspace.code[self.called(of)] = {**code, "modules/web/planted.tf": File(b"# planted\n")}

    def edits_common(self, number: int) -> None:
        self.here.edit("environments/common.tfvars", f"size = {number}\n")

    def leaves_size_to_all(self, of: str) -> None:
        path = settings_path(self.called(of))
        lines = self.shared.tree.content[path].decode().splitlines()
        self.here.edit(path, "".join(f"{line}\n" for line in lines if not line.startswith("size")))

    def edits_settings(self, of: str, number: int) -> None:
        path = settings_path(self.called(of))
        lines = self.shared.tree.content[path].decode().splitlines()
        kept = [line for line in lines if not line.startswith("cidr")]
        self.here.edit(path, "\n".join([f'cidr = "10.{number}.0.0/16"', *kept, ""]))

    def writes_settings(self, of: str, number: int, author: str) -> None:
        """They are committed, with one author more."""
        self.edits_settings(of, number)
        self.shared.versions.wrote.setdefault(settings_path(self.called(of)), []).append(author)  # type: ignore[union-attr]

    def edits_stack_settings(self, of: str, number: int) -> None:
        """A size of web alone; 0 takes it away. Beside the pipeline there is no such stack."""
        path = stack_path(self.called(of))
        self.shared.tree.content.pop(path, None)
        if number and self.called(of) not in self.shared.asked.outside:
            self.here.edit(path, f"size = {number}\n")

    def edits_place(self, key: str, number: int) -> None:
        """Prod is somewhere else from now on, and its credentials answer there."""
        place = {**self.shared.place_of_prod, key: PLACES[key](number)}
        self.moves_prod(place)

    def moves_prod(self, place: dict[str, str]) -> None:
        self.shared.place_of_prod.clear()
        self.shared.place_of_prod.update(place)
        for machine in (self.here, self.elsewhere):
            for name in ("prod", NEW_NAMES["prod"]):
                machine.access.accounts[name] = place.get("account_id", USUAL_ACCOUNT)
        self.writes_project()

    def asks(self, asked: Asked) -> None:
        """From now on this is what the project file asks. Settings go along with the name of an environment, and code
        beside the pipeline is there with what runs it.
        """
        content = self.shared.tree.content
        for kind, new in NEW_NAMES.items():
            old, now = (settings_path(name) for name in (kind, new)[:: -1 if kind not in asked.renamed else 1])
            if old in content:
                content[now] = content.pop(old)
            old, now = (stack_path(name) for name in (kind, new)[:: -1 if kind not in asked.renamed else 1])
            if old in content:
                content[now] = content.pop(old)
        for name in (*ENVIRONMENTS, *NEW_NAMES.values()):
            if name in asked.outside or name not in asked.environments:
                content.pop(stack_path(name), None)
        self.shared.asked = asked
        self.writes_project()

    def writes_project(self) -> None:
        """What else a release has of the project file is seen in its code: no two have the same content."""
        outside, third = self.shared.asked.outside, self.shared.third
        self.shared.tree.content.pop(ROGUE, None)
        if outside:
            self.here.edit(ROGUE, f"{OUTSIDE}# {outside} {third}\n")
        text = project(self.shared.asked, self.shared.place_of_prod, self.shared.third)
        self.here.edit("envctl.toml", text.decode())

    def has_third(self, third: Third) -> None:
        """The project has another third stack, or none. It is seen in the code too, so that no two releases with other
        stacks have the same content.
        """
        self.shared.third = third
        content = self.shared.tree.content
        has_objects = third.kind == "kubernetes"
        for path, wanted, code in (
            ("modules/jobs/main.tf", bool(third.name) and not has_objects, ENVIRONMENT + DEPTH),
            ("modules/jobs/jobs.yaml", bool(third.name) and has_objects, OBJECT),
            (SEEN, third != NO_THIRD, ""),
        ):
            content.pop(path, None)
            if wanted:
                self.here.edit(path, f"# {third}\n{code}")
        self.writes_project()

    @contextmanager
    def with_third(self, third: Third) -> Iterator[None]:
        """For so long nobody says by the book what becomes of stacks that leave."""
        self.has_third(third)
        self.by_word = False
        try:
            yield
        finally:
            self.by_word = True
            self.says_what_leaves()

    def says_what_leaves(self) -> None:
        """By the book: what the project has no more is destroyed."""
        third = self.shared.third
        if LEAVING and self.by_word:
            fates = tuple((name, "destroy") for name in THIRDS if name not in (third.name, third.was))
            self.has_third(replace(third, fates=fates))

    @contextmanager
    def with_book(self, asked: Asked) -> Iterator[None]:
        """For so long the project file asks for something else; then it is put back."""
        book, self.book = self.book, asked
        self.asks(asked)
        try:
            yield
        finally:
            self.book = book
            self.asks(book)

    def with_rules(self, kind: str, *changes: Callable[[Rules], Rules]) -> AbstractContextManager[None]:
        """The same for the rules of staging or prod alone."""
        asked = self.book
        for change in changes:
            asked = asked.edit(kind, change)
        return self.with_book(asked)

    @contextmanager
    def carries_states(self, source: str, target: str) -> Iterator[None]:
        """For so long what lies in the states of one environment lies in those of another, unless that has some."""
        terraform = self.shared.terraform
        moved = {(target, stack): made for (name, stack), made in terraform.reality.items() if name == source}
        if self.here.stacks_in(target):
            moved = {}
        terraform.reality.update(moved)
        terraform.states.update(moved)
        try:
            yield
        finally:
            for where in moved:
                terraform.reality.pop(where, None)
                terraform.states.discard(where)

    def moves_image(self, source: str, target: str) -> None:
        """Which environment says the image is the one where code enters."""
        of, to = (settings_path(self.called(name)) for name in (source, target))
        lines = self.shared.tree.content[of].decode().splitlines(keepends=True)
        image = [line for line in lines if line.startswith("image")]
        self.here.edit(of, "".join(line for line in lines if line not in image))
        self.here.edit(to, "".join([*image, self.shared.tree.content[to].decode()]))
