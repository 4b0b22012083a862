"""`envctl approve ENV --gate NAME`."""

from typing import Annotated

import typer

from envctl.cli.boundary import only_look, refuse_dry_run, run_use_case
from envctl.cli.completion.candidates import complete_gated, complete_gates
from envctl.cli.options.arguments import FullPlans, release_option, show_full_plans
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError


def approve(
    context: typer.Context,
    environment: Annotated[str, typer.Argument(help="The environment with the gate.", autocompletion=complete_gated)],
    *,
    gate: Annotated[str | None, typer.Option(help="The gate, for example peer.", autocompletion=complete_gates)] = None,
    release: Annotated[
        str | None, release_option("The release. Default: the one running in the environment before.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            metavar="FINGERPRINT",
            help="Approve the plan of `envctl why ENV --plan`, without planning again.",
        ),
    ] = None,
    unseen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STACK",
            help="Also approve a stack that can't be planned yet. Repeatable, or several with commas.",
        ),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw your approval.")] = False,
    reviewers: Annotated[
        bool,
        typer.Option("--reviewers", help="In a job of GitHub Actions: record its reviewers as approvers of the plan."),
    ] = False,
    rules: Annotated[
        bool, typer.Option("--rules", help="Approve the rules in envctl.toml as a replacement of the recorded ones.")
    ] = False,
    after: Annotated[
        str,
        typer.Option(
            metavar="REVIEWS",
            help="With --reviewers: count later reviews only. The output `reviews` of `envctl why ENV --plan`.",
        ),
    ] = "",
    attempt: Annotated[int, typer.Option(min=1, help="With --reviewers: the attempt of the run with the plan.")] = 1,
    full: FullPlans = False,
) -> None:
    """Show what the next release would change in an environment, and approve exactly this plan at one gate."""
    from envctl.usecases.approval import approve as uses
    from envctl.usecases.approval.ci_reviewers import record_reviews

    show_full_plans(full=full)
    refuse_dry_run(context)
    # It plans, and applies nothing. People sign with their own credentials.
    only_look(context)
    accepted = tuple(name for names in unseen or () for name in names.split(","))
    if rules:
        if release or plan or accepted or withdraw or reviewers:
            hint = format_command("approve", environment, rules=True)
            raise UsageError(Problem("E012", "--rules can only be used with --gate", hint))
        from envctl.usecases.approval.approve_rules import approve_rules

        run_use_case(context, lambda ports: approve_rules(ports, environment, gate))
    wrong = {
        "--after can only be used with --reviewers": after and not reviewers,
        "--unseen and --withdraw can't be combined": accepted and withdraw,
        "--reviewers and --withdraw can't be combined": reviewers and withdraw,
    }
    if message := next((text for text, is_wrong in wrong.items() if is_wrong), ""):
        raise UsageError(Problem("E012", message, format_command("approve", help=True)))
    if reviewers:
        if not plan:
            message = "--reviewers needs --plan: reviewers approved exactly one plan"
            hint = f"in an earlier job: {format_command('why', environment, plan=True)}"
            raise UsageError(Problem("E012", message, hint))
        run_use_case(
            context,
            lambda ports: record_reviews(
                ports,
                environment,
                release=release,
                fingerprint=plan,
                attempt=attempt,
                after=after,
                gate=gate,
                unseen=accepted,
            ),
        )
    if gate is None:
        run_use_case(context, lambda ports: uses.refuse_missing_gate(ports, environment, release))
    if withdraw:
        run_use_case(context, lambda ports: uses.withdraw_approval(ports, environment, gate, release=release))
    run_use_case(
        context,
        lambda ports: uses.approve_plan(ports, environment, gate, release=release, fingerprint=plan, unseen=accepted),
    )
