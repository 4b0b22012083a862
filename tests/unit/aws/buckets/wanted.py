"""The buckets that these tests are about."""

from envctl.domain.aws.buckets import WantedBucket

STATE = WantedBucket(
    name="shop-tfstate-111111111111",
    region="ap-northeast-1",
    account_id="111111111111",
    purpose="state",
    environments=("dev",),
)
STORE = WantedBucket(
    name="shop-store", region="ap-northeast-1", account_id="999999999999", purpose="store", prefix="envctl"
)
