"""What the laws draw from: times, people, environments, and how a command is given."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.usecases.commands import How
from tests.usecases.laws.machines import ENVIRONMENTS, STACKS
from tests.usecases.laws.people import FORGERIES, PEOPLE, Name

WAIVABLE = ("G101", "G102", "G103", "G104", "G105", "G106", "G107", "G108", "G110", "G111", "G206", "G301", "G302")
TIMES = [timedelta(minutes=10), timedelta(hours=1), timedelta(hours=9), timedelta(hours=25), timedelta(days=3)]
CLOCKS = [timedelta(), timedelta(hours=-25), timedelta(hours=25), timedelta(days=-400), timedelta(days=400)]
PLANTED = ("modules/network/planted.tf", "modules/web/planted.tf")
LONG_TIMES = [timedelta(days=7), timedelta(days=15)]
environments = st.sampled_from(ENVIRONMENTS)
ruled = st.sampled_from(["staging", "prod", "prod"])
gates = st.sampled_from(["peer", "business", "peer", "business", "law"])
stacks = st.sampled_from(STACKS)
people = st.sampled_from(PEOPLE)
picks = st.none() | st.integers(0, 5)
fuses = st.none() | st.integers(0, 20)
reasons = st.sampled_from(["", "", "prod is down"])
_names: list[Name] = [*(("own",) * 12), "vouched", "claimed", "job", "schedule", *FORGERIES]
ways = st.builds(
    How,
    people,
    reasons,
    st.sampled_from([True, True, False]),
    st.sampled_from([False] * 5 + [True]),
    st.booleans(),
    fuses,
    unseen=st.sampled_from([("web",), ()]),
    replaced=st.sampled_from([False] * 5 + [True]),
    older=st.sampled_from([False] * 5 + [True]),
    partial=st.sampled_from([False, False, True]),
    name=st.sampled_from(_names),
)
tempted = st.builds(How, break_glass=st.sampled_from(["", "", "", "prod is down"]))
waivable = st.sampled_from([(), WAIVABLE]) | st.sets(st.sampled_from(WAIVABLE))
