"""Three command lines for the help of each command, with what they are for. Only a help text loads them."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "apply": (
        ("envctl apply dev", "show the plan, ask, and deploy the working tree"),
        ("envctl apply dev --stack web --with-upstream", "only web, and the stacks it needs"),
        ("envctl --sandbox apply dev -y", "in the sandbox, without questions"),
    ),
    "approve": (
        ("envctl approve prod --gate peer", "show the plan, and approve it"),
        ("envctl approve prod --gate peer --withdraw", "withdraw the approval"),
        ("envctl approve prod --rules --gate peer", "approve changed rules of prod"),
    ),
    "approval list": (
        ("envctl approval list", "the last 20 approvals"),
        ("envctl approval list prod", "only those for prod"),
        ("envctl approval list -n 100 --json", "more of them, for a script"),
    ),
    "approval show": (
        ("envctl approval show 42", "the approval of ledger entry 42"),
        ("envctl approval show 42 | less", "page by page"),
        ("envctl approval show 42 --json", "for a script"),
    ),
    "bootstrap": (
        ("envctl bootstrap --dry-run", "list missing buckets"),
        ("envctl bootstrap", "create missing buckets"),
        ("envctl bootstrap prod --check", "check only the bucket of prod"),
    ),
    "ci github": (
        ("envctl ci github", "write the workflows"),
        ("envctl ci github --branch release", "deploy from another branch than main"),
        ("envctl ci github --check", "in a job: fail if they are out of date"),
    ),
    "ci codebuild": (
        ("envctl ci codebuild", "write the script and its lock files"),
        ("envctl ci codebuild --check", "in a build: fail if they are out of date"),
        ("envctl ci codebuild --json", "the files as JSON"),
    ),
    "ci gitlab": (
        ("envctl ci gitlab", "write the pipeline"),
        ("envctl ci gitlab --branch release", "deploy from another branch than main"),
        ("envctl ci gitlab --check", "in a job: fail if it is out of date"),
    ),
    "collect": (
        ("envctl collect", "merge the results of the last run"),
        ("envctl collect --pending", "for a drift run: exit code 2 also for pending changes"),
        ("envctl collect --issues", "keep an issue for each environment with drift"),
    ),
    "completion": (
        ("envctl completion bash", "print the script"),
        ("envctl completion zsh", "for zsh"),
        ("envctl completion fish", "for fish"),
    ),
    "destroy": (
        ("envctl destroy dev", "show the plan, ask, and destroy"),
        ("envctl destroy dev --dry-run", "list the steps"),
        ("envctl destroy dev --state-lost", "accept lost states"),
    ),
    "diff": (
        ("envctl diff staging prod", "different settings, code, images and rules"),
        ("envctl diff staging prod --patch", "with the changed lines of code"),
        ("envctl diff staging prod --detailed-exitcode", "in a script: exit code 2 if they differ"),
    ),
    "doctor": (
        ("envctl doctor", "check this machine and every environment"),
        ("envctl doctor prod", "check only prod"),
        ("envctl doctor --ci", "check who can deploy through CI"),
    ),
    "drift": (
        ("envctl drift", "check every environment"),
        ("envctl drift prod --fix", "deploy the release of prod again"),
        ("envctl drift --pending", "in a job: exit code 2 also for pending changes"),
    ),
    "eject": (
        ("envctl eject ../shop-terraform", "what runs, in all environments"),
        ("envctl eject plain prod", "what runs in prod"),
        ("envctl eject plain --working-tree", "the code of the working tree"),
    ),
    "exec": (
        ("envctl exec dev -- aws s3 ls", "with the credentials of dev"),
        ("envctl exec dev -- pytest tests/smoke", "run tests against dev"),
        ("envctl exec prod --no-outputs -- terraform state list", "before the first deployment"),
    ),
    "explain": (
        ("envctl explain E321", "what the error means, and what to do"),
        ("envctl explain G104", "why the guard refuses, and what opens it"),
        ("envctl explain g104 --json", "the same as JSON"),
    ),
    "fmt": (
        ("envctl fmt", "format every file of the project"),
        ("envctl fmt environments", "only the settings"),
        ("envctl fmt --check", "in a job: fail if a file is not formatted"),
    ),
    "history": (
        ("envctl history", "the last 20 entries"),
        ("envctl history prod --since 7d", "the last week of prod"),
        ("envctl history --since 2026-11-01 --json", "for a script"),
    ),
    "init": (
        ("envctl init shop", "ask for values, and create the project shop"),
        ("envctl init shop --template minimal", "without questions"),
        ("envctl init shop --template web --dry-run", "list the files"),
    ),
    "ledger export": (
        ("envctl ledger export", "every deployment, as CSV"),
        ("envctl ledger export prod --since 90d", "the last 90 days of prod"),
        ("envctl ledger export --entries", "every entry, as JSON Lines"),
    ),
    "ledger keys": (
        ("envctl ledger keys", "compare the pinned public keys with those in KMS"),
        ("envctl ledger keys --create", "create missing keys, and pin them"),
        ("envctl ledger keys --check", "compare keys and policies with those of --create"),
    ),
    "ledger sign": (
        ("envctl ledger sign --through 1041", "vouch for entries 1 to 1041"),
        ("envctl ledger sign prod --through 1041", "with the key of people of prod alone"),
        ("envctl history --limit 1041", "what you would vouch for"),
    ),
    "ledger verify": (
        ("envctl ledger verify", "check every entry"),
        ("envctl ledger verify --store file://copy", "check a copy of the store"),
        ("envctl ledger verify --require-signatures", "fail if any entry is not signed"),
    ),
    "lock": (
        ('envctl lock prod --reason "migration until Friday"', "block all changes of prod"),
        ('envctl lock dev --reason "broken" --json', "for a script"),
        ("envctl unlock prod", "lift the lock"),
    ),
    "lock-providers": (
        ("envctl lock-providers", "add missing packages"),
        ("envctl lock-providers --upgrade --dry-run", "list newer versions"),
        ("envctl lock-providers --platform linux_arm64", "for another platform"),
    ),
    "matrix": (
        ("envctl matrix drift --jobs 4", "split a drift run across four jobs"),
        ("envctl matrix plan --jobs 10", "split a plan run"),
        ("envctl matrix drift --jobs 50 --format codebuild", "as a buildspec of CodeBuild"),
    ),
    "output": (
        ("envctl output dev", "every output of dev"),
        ("envctl output dev network.vpc_id", "one value, for a script"),
        ("envctl output dev db.password --reveal", "a sensitive value"),
    ),
    "plan": (
        ("envctl plan dev", "show the changes of an apply"),
        ("envctl plan prod --release 3fa9c1", "show the changes of a release in prod"),
        ("envctl plan dev --explain", "group changes by cause"),
    ),
    "preview": (
        ("envctl preview", "plan the working tree in all environments"),
        ("envctl preview --release 3fa9c1", "plan a release"),
        ("envctl preview --markdown --comment", "in a job: a comment of the pull request"),
    ),
    "promote": (
        ("envctl promote dev staging", "deploy the release of dev to staging"),
        ("envctl promote staging prod --dry-run", "check the guards, and list the steps"),
        ("envctl promote staging prod --release 3fa9c1", "an earlier release"),
    ),
    "recover": (
        ("envctl recover dev", "close an interrupted deployment"),
        ("envctl recover dev --dry-run", "list the steps"),
        ("envctl recover dev --import web:aws_vpc.main=vpc-1", "import an existing resource"),
    ),
    "release show": (
        ("envctl release show 3fa9c1", "by any part of its id, or of its commit"),
        ("envctl release show '#42'", "by its pull or merge request; the quotes are for the shell"),
        ("envctl release show 3fa9c1 --json", "for a script"),
    ),
    "releases": (
        ("envctl releases", "the last 20, newest first"),
        ("envctl releases prod", "only releases deployed to prod"),
        ("envctl releases --limit 100 --json", "for a script"),
    ),
    "terraform install": (
        ("envctl terraform install", "for this project, on this machine"),
        ("envctl terraform install --from /mnt/terraform", "without a network"),
        ("envctl terraform install --to /usr/local/bin", "in an image"),
    ),
    "terraform pin": (
        ("envctl terraform pin 1.15.5", "the pin for all platforms"),
        ("envctl terraform pin 1.10.2 --program tofu", "OpenTofu"),
        ("envctl terraform pin 1.15.5 --platform linux_amd64", "for jobs alone"),
    ),
    "images pin": (
        ("envctl images pin", "write the missing digests of all images"),
        ("envctl images pin --stack web", "those of one stack"),
        ("envctl images pin --refresh", "follow tags that have moved, and say which"),
    ),
    "render": (
        ("envctl render prod", "the root modules and objects of prod"),
        ("envctl render dev --stack web", "only those of web"),
        ("envctl render prod --release 3fa9c1", "those of an earlier release"),
    ),
    "report": (
        ("envctl report", "write envctl-report.html"),
        ("envctl report --output site/index.html", "write another file"),
        ("envctl report --json", "print the data"),
    ),
    "review": (
        ("envctl review prod --waiver 1042", "end the debt of this waiver"),
        ('envctl review prod --waiver 1042 --reason "the fix was right"', "with a reason"),
        ("envctl status", "show the debts, with the numbers of waivers"),
    ),
    "rollback": (
        ("envctl rollback prod", "go back to the last verified release"),
        ("envctl rollback prod --to 3fa9c1", "go back to a given release"),
        ("envctl rollback prod --dry-run", "list the steps"),
    ),
    "rules": (
        ("envctl rules prod", "show the rules of prod, and their source"),
        ('envctl rules reset prod --reason "the old keys are lost"', "drop the recorded rules, after a delay"),
        ("envctl rules reset prod --withdraw", "withdraw the reset"),
    ),
    "sandbox down": (
        ("envctl sandbox down", "stop it"),
        ("envctl sandbox up", "start it again, empty"),
        ("envctl sandbox status", "check whether it runs"),
    ),
    "sandbox status": (
        ("envctl sandbox status", "check whether it runs"),
        ("envctl sandbox status --json", "for a script"),
        ("envctl --sandbox status", "show the environments in it"),
    ),
    "sandbox up": (
        ("envctl sandbox up", "start it"),
        ("envctl sandbox up --port 5000", "use a given port"),
        ("envctl --sandbox apply dev", "deploy to it"),
    ),
    "schema": (
        ("envctl schema", "print it"),
        ("envctl schema > envctl.schema.json", "save it next to envctl.toml, for editors"),
        ("envctl validate", "check envctl.toml"),
    ),
    "secrets check": (
        ("envctl secrets check", "exit code 1 if a secret is missing"),
        ("envctl secrets check prod", "only in prod"),
        ("envctl secrets check --json", "for a script"),
    ),
    "secrets list": (
        ("envctl secrets list prod", "the secrets in settings of prod"),
        ("envctl secrets list dev", "those of dev"),
        ("envctl secrets list prod --json", "for a script"),
    ),
    "secrets set": (
        ("envctl secrets set prod shop/database", "ask for the value, without showing it"),
        ("envctl secrets set prod shop/database < file", "from a file"),
        ("envctl secrets set prod shop/new --unasked", "set a secret not used in settings yet"),
    ),
    "settings": (
        ("envctl settings prod", "each setting of prod, with its origin"),
        ("envctl settings prod --stack web --set-only", "those of web, without the defaults of modules"),
        ("envctl settings prod --json", "for a script"),
    ),
    "status": (
        ("envctl status", "show all environments, and the next command"),
        ("envctl status --watch", "refresh until Ctrl-C"),
        ("envctl status --max-drift-age 26h", "fail if the nightly drift check does not run"),
    ),
    "unlock": (
        ("envctl unlock prod", "lift the lock"),
        ("envctl unlock prod --release 3fa9c1", "lift the hold of a release"),
        ('envctl unlock prod --reason "the migration is done"', "with a reason"),
    ),
    "validate": (
        ("envctl validate", "check the project file, modules and settings"),
        ("envctl validate --settings", "check only the settings"),
        ("envctl validate --json", "for a script"),
    ),
    "verify": (
        ("envctl verify dev", "run the checks of dev, and record the results"),
        ("envctl verify prod --json", "for a script"),
        ("envctl history prod", "show earlier results"),
    ),
    "waive": (
        ('envctl waive prod --guard window --reason "incident 4711"', "for the next promotion to prod"),
        ('envctl waive prod --guard G104,G107 --reason "incident 4711"', "two guards, by their codes"),
        ('envctl waive prod --guard soak --release 3fa9c1 --reason "incident 4711"', "for another release"),
    ),
    "why": (
        ("envctl why prod", "may the next release go to prod?"),
        ("envctl why prod --release 3fa9c1", "may this one?"),
        ("envctl why prod --plan", "with the guards that need a plan"),
    ),
}
