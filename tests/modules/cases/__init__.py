"""What each module is applied with, and what has to be there then: one file a module."""

from tests.modules.applying import Case
from tests.modules.cases import ec2_instance, vpc

CASES: tuple[Case, ...] = (
    ec2_instance.CASE,
    vpc.CASE,
)
