"""What the page of each command says besides its help: an example, exit codes of its own, and where to read on."""

from dataclasses import dataclass

# Any command can end like this.
USUAL = (0, 1, 64, 70, 78, 130)
# Guards may say no, and somebody else may be at work there.
DEPLOYS = (3, 4, 75)
LOOKS = (3, 75)


@dataclass(frozen=True)
class Facts:
    """`given` is the situation that the example needs, and `place` the project, in the words of tests/docs/; `unrun`
    says why nothing runs it, and `typed` what stands on its standard input.
    """

    example: tuple[str, ...]
    read: tuple[str, ...]
    codes: tuple[int, ...] = ()
    given: str = ""
    unrun: str = ""
    place: str = ""
    typed: str = ""


FACTS = {
    "apply": Facts(("envctl apply dev",), ("concepts.md", "guards.md", "stacks.md"), DEPLOYS),
    "approval list": Facts(("envctl approval list prod",), ("approvals.md",), given="prod is approved"),
    "approval show": Facts(("envctl approval show 9",), ("approvals.md",), given="prod is approved"),
    "approve": Facts(
        ("GIT_AUTHOR_EMAIL=bob@shop.example envctl approve prod --gate peer",),
        ("guards.md", "aws.md"),
        DEPLOYS,
        "staging runs a release",
    ),
    "bootstrap": Facts(("envctl bootstrap", "envctl bootstrap --check"), ("bootstrap.md",), (2,), place="shop on AWS"),
    "ci github": Facts(("envctl ci github", "envctl ci github --check"), ("ci.md",)),
    "ci codebuild": Facts(("envctl ci codebuild", "envctl ci codebuild --check"), ("codepipeline.md", "ci.md")),
    "ci gitlab": Facts(("envctl ci gitlab", "envctl ci gitlab --check"), ("ci-gitlab.md", "ci.md")),
    "collect": Facts(
        ("envctl collect",), ("matrix.md", "matrix-plans.md"), (2,), "all jobs of a look for drift have answered"
    ),
    "completion": Facts(("envctl completion bash",), ("completion.md",)),
    "destroy": Facts(("envctl destroy dev",), ("guards.md",), DEPLOYS, "dev runs a release"),
    "diff": Facts(("envctl diff staging prod",), ("diff.md",), (2,)),
    "doctor": Facts(("envctl doctor",), ("doctor.md", "bootstrap.md"), given="dev runs a release", place="shop on AWS"),
    "drift": Facts(
        ("envctl drift", "envctl drift prod"), ("drift.md", "matrix.md"), (2, *DEPLOYS), "prod runs a release"
    ),
    "exec": Facts(
        ("envctl exec dev -- env",), ("output-and-exec.md", "access.md"), (*LOOKS, 126, 127), "dev runs a release"
    ),
    "explain": Facts(("envctl explain E321", "envctl explain G104"), ("errors.md", "guards.md", "troubleshooting.md")),
    "fmt": Facts(("envctl fmt", "envctl fmt --check environments"), ("pre-commit.md",)),
    "history": Facts(("envctl history", "envctl history prod --since 7d"), ("audit.md",)),
    "init": Facts(("envctl init shop --template minimal",), ("init.md", "start.md")),
    "ledger export": Facts(("envctl ledger export prod --since 90d",), ("audit.md",)),
    "ledger keys": Facts(
        ("envctl ledger keys --create",),
        ("signatures.md", "signing-keys.md"),
        given="signing keys are named",
        place="shop on AWS",
    ),
    "ledger sign": Facts(("envctl ledger sign --through 1041",), ("signatures.md",), unrun="needs keys in KMS"),
    "ledger verify": Facts(("envctl ledger verify",), ("ledger-verify.md", "recovery.md"), given="dev runs a release"),
    "lock": Facts(('envctl lock prod --reason "migration until Friday"',), ("guards.md", "recovery.md")),
    "images pin": Facts(("envctl images pin",), ("kubernetes.md",)),
    "lock-providers": Facts(("envctl lock-providers",), ("providers.md",), (75,)),
    "eject": Facts(("envctl eject plain",), ("leave.md",), given="dev runs a release"),
    "matrix": Facts(("envctl matrix drift --jobs 4",), ("matrix.md", "matrix-plans.md"), given="dev runs a release"),
    "output": Facts(
        ("envctl output dev", "envctl output dev network.vpc_id"), ("output-and-exec.md",), LOOKS, "dev runs a release"
    ),
    "plan": Facts(("envctl plan dev", "envctl plan dev --explain"), ("plan.md",), (2, *LOOKS)),
    "preview": Facts(("envctl preview",), ("plan.md",), (2, *LOOKS)),
    "promote": Facts(("envctl promote dev staging",), ("concepts.md", "guards.md"), DEPLOYS, "dev runs a release"),
    "recover": Facts(("envctl recover dev",), ("recovery.md", "guards.md"), LOOKS, "an apply of dev was killed"),
    "release show": Facts(
        ("envctl release show '#42'",), ("releases.md",), given="dev runs a release of pull request 42"
    ),
    "releases": Facts(("envctl releases", "envctl releases prod"), ("releases.md",)),
    "render": Facts(("envctl render prod",), ("concepts.md",)),
    "report": Facts(("envctl report",), ("report.md",)),
    "rollback": Facts(("envctl rollback prod",), ("recovery.md", "guards.md"), DEPLOYS, "prod runs its second release"),
    "rules": Facts(("envctl rules prod",), ("rules.md", "guards.md"), given="prod runs its second release"),
    "sandbox down": Facts(("envctl sandbox down",), ("sandbox.md",)),
    "sandbox status": Facts(("envctl sandbox status",), ("sandbox.md",)),
    "sandbox up": Facts(("envctl sandbox up", "envctl sandbox down"), ("sandbox.md",)),
    "schema": Facts(("envctl schema",), ("project-file.md",)),
    "secrets check": Facts(("envctl secrets check",), ("secrets.md",), (3,)),
    "secrets list": Facts(("envctl secrets list prod",), ("secrets.md",), (3,)),
    "secrets set": Facts(
        ("envctl secrets set prod shop/database",),
        ("secrets.md",),
        (3,),
        "dev runs a release with a secret",
        place="shop on AWS",
        typed="a password",
    ),
    "settings": Facts(("envctl settings prod",), ("settings.md",)),
    "status": Facts(("envctl status",), ("status.md",)),
    "terraform install": Facts(("envctl terraform install",), ("terraform-program.md",), unrun="needs the network"),
    "terraform pin": Facts(("envctl terraform pin 1.15.5",), ("terraform-program.md",), unrun="needs the network"),
    "unlock": Facts(("envctl unlock prod",), ("guards.md", "recovery.md"), given="prod is locked"),
    "waive": Facts(
        ('envctl waive prod --guard window --reason "incident 4711"',),
        ("break-glass.md", "guards.md"),
        (3,),
        unrun="needs a key for people",
    ),
    "review": Facts(
        ("GIT_AUTHOR_EMAIL=bob@shop.example envctl review prod --waiver 11",),
        ("break-glass.md",),
        given="prod owes a review",
    ),
    "validate": Facts(("envctl validate",), ("settings.md", "errors.md")),
    "verify": Facts(("envctl verify dev",), ("checks.md",), LOOKS, "dev runs a release"),
    "why": Facts(("envctl why prod",), ("guards.md",), LOOKS),
}
