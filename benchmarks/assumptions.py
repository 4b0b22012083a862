"""What the simulation takes from measurements, from price lists and from quotas: each figure with where it is from."""

from dataclasses import dataclass

# How long things take. Measured with the AWS provider 3.39 on 2 cores: docs/performance-results.md says how.
CPU = 2.0
"""Seconds of processor time that a look at a stack takes in a job that has nothing prepared: init, and a plan."""
CPU_A_RESOURCE = 0.0065
LATENCY = 0.05
"""Seconds until the API of AWS answers."""
CORES, STACKS_AT_ONCE, CALLS_AT_ONCE = 2, 4, 10

# Requests of one look, counted by a proxy in front of the sandbox.
CALLS_A_RESOURCE = 3
STATE_WRITES, STATE_READS, STATE_DELETES = 4, 5, 1
"""Of a stack, in S3: three lists and the lock; state and lock, some of them twice; the lock is given up."""
ROLES, IDENTITIES = 5, 5
"""AssumeRole and GetCallerIdentity of a stack: init, the plan, the backend and the provider each ask for themselves."""

# How many resources a stack has: most have few, and some have many.
RESOURCES_MEDIAN, RESOURCES_SPREAD, RESOURCES_MOST = 15, 0.9, 300

# List prices in dollars as of November 2026, for us-east-1 where they are of AWS.
GITHUB_MINUTE = 0.006
"""Linux with 2 cores, since 1 January 2026: docs.github.com, Actions runner pricing. Minutes are rounded up by job."""
CODEBUILD_MINUTE = 0.005
"""general1.small, 2 cores: aws.amazon.com/codebuild/pricing."""
S3_WRITE, S3_READ = 0.005 / 1000, 0.0004 / 1000
"""PUT and LIST, and GET, in the Standard class: aws.amazon.com/s3/pricing."""
S3_MONTH = 0.023 / 1e9
"""A byte for a month."""

# What others allow.
MATRIX_JOBS, OUTPUT_BYTES = 256, 1 << 20
"""docs.github.com, Actions limits."""
STS_A_SECOND = 600
"""Requests of the account that asks, in one region: AWS, IAM and STS quotas."""
S3_A_SECOND = 3500
"""Writes to one prefix: AWS, S3 performance guidelines."""

# Seconds that S3 takes from the same region, and how many envctl asks at once.
READ, WRITE, LIST = 0.020, 0.030, 0.040
READS_AT_ONCE, KEYS_A_PAGE = 32, 1000


@dataclass(frozen=True)
class Size:
    environments: int = 1000
    stacks: int = 10
    seed: int = 20261125

    @property
    def units(self) -> int:
        return self.environments * self.stacks
