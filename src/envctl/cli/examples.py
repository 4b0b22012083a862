"""Three command lines for the help of each command, with what they are for. Only a help text loads them."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "apply": (
        ("envctl apply dev", "show the plan, ask, and deploy the working tree"),
        ("envctl apply dev --stack web --with-upstream", "web alone, and what it needs"),
        ("envctl --sandbox apply dev -y", "without an account, and without a question"),
    ),
    "approve": (
        ("envctl approve prod --gate peer", "look at the plan, and approve it"),
        ("envctl approve prod --gate peer --withdraw", "take it back"),
        ("envctl approve prod --rules --gate peer", "approve changed rules of prod"),
    ),
    "bootstrap": (
        ("envctl bootstrap --dry-run", "say which buckets are missing"),
        ("envctl bootstrap", "create them"),
        ("envctl bootstrap prod --check", "look only at the bucket of prod"),
    ),
    "ci github": (
        ("envctl ci github", "write the workflows"),
        ("envctl ci github --branch release", "deploy from another branch than main"),
        ("envctl ci github --check", "in a job: fail if they are out of date"),
    ),
    "ci gitlab": (
        ("envctl ci gitlab", "write the pipeline"),
        ("envctl ci gitlab --branch release", "deploy from another branch than main"),
        ("envctl ci gitlab --check", "in a job: fail if it is out of date"),
    ),
    "collect": (
        ("envctl collect", "tell what the jobs of the last run saw"),
        ("envctl collect --pending", "of a look for drift: exit with 2 for pending changes, too"),
        ("envctl collect --issues", "keep an issue for each environment with drift"),
    ),
    "completion": (
        ("envctl completion bash", "print the script"),
        ("envctl completion zsh", "for zsh"),
        ("envctl completion fish", "for fish"),
    ),
    "destroy": (
        ("envctl destroy dev", "show what goes, ask, and destroy it"),
        ("envctl destroy dev --dry-run", "list the steps"),
        ("envctl destroy dev --state-lost", "give up stacks whose state is lost"),
    ),
    "diff": (
        ("envctl diff staging prod", "settings, code, images and rules that differ"),
        ("envctl diff staging prod --patch", "with the changed lines of code"),
        ("envctl diff staging prod --detailed-exitcode", "in a script: exit with 2 if they differ"),
    ),
    "doctor": (
        ("envctl doctor", "look at this machine and at every environment"),
        ("envctl doctor prod", "look at prod alone"),
        ("envctl doctor --probe", "try that the store keeps what was written"),
    ),
    "drift": (
        ("envctl drift", "look at every environment"),
        ("envctl drift prod --fix", "deploy again what prod runs"),
        ("envctl drift --pending", "in a job: exit with 2 for pending changes, too"),
    ),
    "exec": (
        ("envctl exec dev -- aws s3 ls", "with the credentials of dev"),
        ("envctl exec prod -- env", "see what a command gets"),
        ("envctl exec dev -- pytest tests/smoke", "run tests against dev"),
    ),
    "fmt": (
        ("envctl fmt", "format every file of the project"),
        ("envctl fmt environments", "only the settings"),
        ("envctl fmt --check", "in a job: fail if a file is not formatted"),
    ),
    "history": (
        ("envctl history", "the last 20 entries"),
        ("envctl history prod --since 7d", "of prod, for a week"),
        ("envctl history --since 2026-11-01 --json", "for a script"),
    ),
    "init": (
        ("envctl init shop", "ask, and begin the project shop"),
        ("envctl init shop --template minimal", "without a question"),
        ("envctl init shop --template web --dry-run", "list the files"),
    ),
    "ledger export": (
        ("envctl ledger export", "every deployment, as CSV"),
        ("envctl ledger export prod --since 90d", "of prod, for a quarter"),
        ("envctl ledger export --entries", "every entry, as JSON Lines"),
    ),
    "ledger keys": (
        ("envctl ledger keys", "compare the pinned public keys with those in KMS"),
        ("envctl ledger keys --create", "create missing keys, and pin them"),
        ("envctl ledger keys --add", "pin a second key beside the first"),
    ),
    "ledger verify": (
        ("envctl ledger verify", "check every entry"),
        ("envctl ledger verify --store file://copy", "check a copy of the store"),
        ("envctl ledger verify --keys keys", "with public keys from elsewhere"),
    ),
    "lock": (
        ('envctl lock prod --reason "migration until Friday"', "nothing may change prod"),
        ('envctl lock dev --reason "broken" --json', "for a script"),
        ("envctl unlock prod", "lift the lock"),
    ),
    "lock-providers": (
        ("envctl lock-providers", "add what is missing"),
        ("envctl lock-providers --upgrade --dry-run", "say which versions are newer"),
        ("envctl lock-providers --platform linux_arm64", "for another platform"),
    ),
    "matrix": (
        ("envctl matrix drift --jobs 4", "share a look for drift among four jobs"),
        ("envctl matrix plan --jobs 10", "share plans"),
        ("envctl matrix drift --jobs 50 --format codebuild", "as a buildspec of CodeBuild"),
    ),
    "output": (
        ("envctl output dev", "every output of dev"),
        ("envctl output dev network.vpc_id", "one value, for a script"),
        ("envctl output dev db.password --reveal", "a sensitive value"),
    ),
    "plan": (
        ("envctl plan dev", "what an apply would change"),
        ("envctl plan prod --release 3fa9c1", "what a release would change in prod"),
        ("envctl plan dev --explain", "by cause"),
    ),
    "preview": (
        ("envctl preview", "what the working tree would do everywhere"),
        ("envctl preview --release 3fa9c1", "what a release would do"),
        ("envctl preview --markdown --comment", "in a job: a comment of the pull request"),
    ),
    "promote": (
        ("envctl promote dev staging", "deploy to staging what dev runs"),
        ("envctl promote staging prod --dry-run", "ask the guards, and list the steps"),
        ("envctl promote staging prod --release 3fa9c1", "an earlier release"),
    ),
    "recover": (
        ("envctl recover dev", "close an interrupted deployment"),
        ("envctl recover dev --dry-run", "list the steps"),
        ("envctl recover dev --import module.web.aws_vpc.main=vpc-1", "take in what exists already"),
    ),
    "release show": (
        ("envctl release show 3fa9c1", "by any part of its id, or of its commit"),
        ("envctl release show '#42'", "by its pull or merge request; the quotes are for the shell"),
        ("envctl release show 3fa9c1 --json", "for a script"),
    ),
    "releases": (
        ("envctl releases", "the last 20, newest first"),
        ("envctl releases prod", "those that were deployed to prod"),
        ("envctl releases --limit 100 --json", "for a script"),
    ),
    "render": (
        ("envctl render prod", "the root modules of prod"),
        ("envctl render dev", "those of dev"),
        ("envctl render prod --json", "for a script"),
    ),
    "report": (
        ("envctl report", "write envctl-report.html"),
        ("envctl report --output site/index.html", "write another file"),
        ("envctl report --json", "the same as data"),
    ),
    "rollback": (
        ("envctl rollback prod", "back to the verified release before"),
        ("envctl rollback prod --to 3fa9c1", "back to a certain one"),
        ("envctl rollback prod --dry-run", "list the steps"),
    ),
    "rules": (
        ("envctl rules prod", "what prod asks for, and where that is written"),
        ('envctl rules reset prod --reason "the old keys are lost"', "let the recorded rules go, after a delay"),
        ("envctl rules reset prod --withdraw", "take that back"),
    ),
    "sandbox down": (
        ("envctl sandbox down", "stop it"),
        ("envctl sandbox up", "start it again, empty"),
        ("envctl sandbox status", "see whether it runs"),
    ),
    "sandbox status": (
        ("envctl sandbox status", "see whether it runs"),
        ("envctl sandbox status --json", "for a script"),
        ("envctl --sandbox status", "see what runs in it"),
    ),
    "sandbox up": (
        ("envctl sandbox up", "start it"),
        ("envctl sandbox up --port 5000", "on a certain port"),
        ("envctl --sandbox apply dev", "deploy to it"),
    ),
    "schema": (
        ("envctl schema", "print it"),
        ("envctl schema > envctl.schema.json", "keep it beside envctl.toml, for editors"),
        ("envctl validate", "check the file itself"),
    ),
    "secrets check": (
        ("envctl secrets check", "exit with 1 if a secret is missing"),
        ("envctl secrets check prod", "in prod alone"),
        ("envctl secrets check --json", "for a script"),
    ),
    "secrets list": (
        ("envctl secrets list prod", "the secrets that settings of prod name"),
        ("envctl secrets list dev", "those of dev"),
        ("envctl secrets list prod --json", "for a script"),
    ),
    "secrets set": (
        ("envctl secrets set prod shop/database", "ask for the value, without showing it"),
        ("envctl secrets set prod shop/database < file", "from a file"),
        ("envctl secrets set prod shop/new --unasked", "one that no setting names yet"),
    ),
    "settings": (
        ("envctl settings prod", "each setting of prod, with its origin"),
        ("envctl settings dev", "those of dev"),
        ("envctl settings prod --json", "for a script"),
    ),
    "status": (
        ("envctl status", "what runs where, and what to do next"),
        ("envctl status prod", "of prod alone"),
        ("envctl status --watch", "look again and again"),
    ),
    "unlock": (
        ("envctl unlock prod", "lift the lock"),
        ("envctl unlock prod --release 3fa9c1", "lift the hold of a release"),
        ('envctl unlock prod --reason "the migration is done"', "say why"),
    ),
    "validate": (
        ("envctl validate", "check project file, modules and settings"),
        ("envctl validate --settings", "only whether the settings fit"),
        ("envctl validate --json", "for a script"),
    ),
    "verify": (
        ("envctl verify dev", "run the checks of dev, and record them"),
        ("envctl verify prod --json", "for a script"),
        ("envctl history prod", "see earlier results"),
    ),
    "why": (
        ("envctl why prod", "may the next release go to prod?"),
        ("envctl why prod --release 3fa9c1", "may this one?"),
        ("envctl why prod --plan", "with the guards that need a plan"),
    ),
}
