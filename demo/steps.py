"""What the demos show: the commands, why they are typed, and which exit code each must have."""

from dataclasses import dataclass

NAME = "shop"
DEVELOPER = "dev@shop.example"


@dataclass(frozen=True)
class Step:
    """One command. `by` is who types it: envctl takes the name from git's author address."""

    words: str
    says: str = ""
    exits: int = 0
    by: str = DEVELOPER
    afterwards: str = ""


@dataclass(frozen=True)
class Show:
    """`init` makes the project that the steps are typed in; `down` comes last, however they end."""

    init: Step
    steps: tuple[Step, ...]
    ends: str
    down: Step = Step("envctl sandbox down", "The sandbox goes away with all that it held.")


def _approvals(says: str, *unseen: str) -> tuple[Step, ...]:
    """`unseen` are the stacks that can't be planned before others are there."""
    by = [(gate, f"{gate}@shop.example") for gate in ("peer", "business", "quality")]
    first = (says, "", "")
    names = f" --unseen {','.join(unseen)}" if unseen else ""
    return tuple(
        Step(f"envctl --sandbox approve prod --gate {gate}{names} --yes", told, by=who)
        for (gate, who), told in zip(by, first, strict=True)
    )


_LEDGER = Step(
    "envctl --sandbox ledger verify", "Is the record intact? Each entry holds the hash of the one before it."
)
_WAY = (
    Step(
        "envctl sandbox up",
        "The sandbox: real Terraform and the real AWS provider against an AWS that runs on this machine, "
        "with one account for each of dev, staging and prod. No cloud account is used or needed.",
    ),
    Step(
        "envctl --sandbox apply dev --yes",
        "dev: code enters here, and nowhere else. envctl bundles the working tree into a release, named by "
        "the hash of its content, and deploys it.",
    ),
    Step(
        "envctl --sandbox promote dev prod",
        "Can it go to prod at once? No. prod takes only what was proven in staging.",
        exits=3,
        afterwards="Exit code 3: refused by a guard. Nothing was touched.",
    ),
    Step(
        "envctl --sandbox promote dev staging --yes",
        "staging: the very bundle that dev runs, with the settings of staging. The working tree is not asked for code.",
    ),
    Step(
        "envctl --sandbox promote staging prod --yes",
        "prod: staging has proven it. But people have a say too: prod asks for three approvals.",
        exits=4,
        afterwards="Exit code 4: refused for now. It opens once the approvals are there.",
    ),
    Step("envctl --sandbox why prod", "What exactly is missing, who can give it, and what to type?"),
    *_approvals(
        "Three people look at the plan for prod, and approve exactly that plan. Locally envctl knows a person by "
        "git's author address, so the demo sets GIT_AUTHOR_EMAIL to play all of them. Who made the release can't "
        "approve it. prod is empty, so web can't be planned before its network is there: they accept it unseen.",
        "web",
    ),
    Step("envctl --sandbox promote staging prod --yes", "Now prod opens."),
    Step("envctl --sandbox status", "Where does everything stand? All three environments run the same release."),
    Step("envctl --sandbox history", "Who did what, and when?"),
    _LEDGER,
)
_WAITING = ("data", "edge", "service", "web", "observability", "cost", "recovery", "data_replica")
_FOUNDATION = (
    Step(
        "envctl --sandbox apply management --yes",
        "The foundation comes first, beside the pipeline: the organization, its accounts and the limits in them.",
    ),
    *(
        Step(f"envctl --sandbox apply {name}-account --yes", told)
        for name, told in (
            ("dev", "Then what each account needs: an audit trail, the roles of people and of Terraform, a registry."),
            ("staging", ""),
            ("prod", ""),
        )
    ),
)
_PLATFORM = (
    Step("envctl sandbox up", "The sandbox: real Terraform against an AWS on this machine."),
    *_FOUNDATION,
    Step(
        "envctl --sandbox apply dev --yes",
        "dev, with all ten stacks: network, database, load balancer, service, instances, alarms, budget, backups. The "
        "AWS provider waits a minute for a load balancer, and half of one for a database.",
    ),
    Step("envctl --sandbox promote dev staging --yes", "staging: the same release, in the shape of prod."),
    *_approvals(
        "prod has three zones, a replica in another region, and a lock on its backups. Three people approve, and "
        "accept unseen what can't be planned before other stacks are there.",
        *_WAITING,
    ),
    Step("envctl --sandbox promote staging prod --yes"),
    Step("envctl --sandbox drift", "Is everything as it was made, everywhere?"),
    Step("envctl --sandbox status"),
    _LEDGER,
)
_KUBERNETES = (
    Step("envctl sandbox up", "The sandbox: real Terraform against an AWS on this machine, with a Kubernetes in it."),
    Step(
        "envctl --sandbox apply dev --yes",
        "dev: a network, an EKS cluster, who may use it, and the application. The manifests are in the release, like "
        "modules; the plan is a dry run by the cluster. envctl waits until the rollout is complete.",
    ),
    Step(
        "envctl --sandbox exec dev -- kubectl get deployments,ingresses,horizontalpodautoscalers,externalsecrets",
        "kubectl has the same access, without a login.",
    ),
    Step("envctl --sandbox promote dev staging --yes", "staging: the same release in its own account and cluster."),
    *_approvals(
        "Three people approve prod. What can't be planned before its cluster is there, they accept unseen.",
        "cluster",
        "base",
        "web",
        "access",
    ),
    Step("envctl --sandbox promote staging prod --yes", "prod: three zones, more pods, the same image."),
    Step(
        'envctl --sandbox exec staging -- kubectl patch configmap web --patch {"data":{"LOG_LEVEL":"debug"}}',
        "Somebody changes staging by hand.",
    ),
    Step(
        "envctl --sandbox drift staging --fix --yes",
        "envctl finds it, names the field and who wrote it, and deploys the release again. No release is promoted from "
        "an environment with drift.",
    ),
    Step("envctl --sandbox status"),
    _LEDGER,
)
SHOWS = {
    "web": Show(
        Step(
            f"envctl init {NAME} --template web",
            "A project of its own: a pipeline of dev, staging and prod, a network, and a container on instances.",
        ),
        _WAY,
        "That was the whole way of one release",
    ),
    "kubernetes": Show(
        Step(
            f"envctl init {NAME} --template eks",
            "A project with an EKS cluster in each environment, and an application in it.",
        ),
        _KUBERNETES,
        "That was an application in Kubernetes, from dev to prod",
    ),
    "platform": Show(
        Step(f"envctl init {NAME} --template platform", "A project with all modules of the reference platform."),
        _PLATFORM,
        "That was the whole platform, in seven environments",
    ),
}
