"""The buckets that these tests are about."""

from envctl.domain.aws.buckets import WantedBucket

STATE = WantedBucket("shop-tfstate-111111111111", "ap-northeast-1", "111111111111", "state", ("dev",))
STORE = WantedBucket("shop-store", "ap-northeast-1", "999999999999", "store", prefix="envctl")
