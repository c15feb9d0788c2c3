"""How often NGINX is reloaded: at once after a quiet time, and no more than so often in a storm.

Each reload leaves workers behind that end their requests for up to a minute, and take memory.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Bucket:
    tokens: float
    #: Seconds since 1970, as it must outlive the process.
    at: float = 0.0


@dataclass(frozen=True)
class Limit:
    burst: float
    #: Of one token.
    seconds: float
    #: Generations of old workers that may be alive when another reload begins.
    old_workers: int

    def full(self) -> Bucket:
        return Bucket(self.burst)

    def exceeded(self, bucket: Bucket, old_workers: float, now: float) -> str:
        """Why not to reload now; without a reason a token is taken. A clock that was put back fills nothing and stops nothing."""
        if old_workers > self.old_workers:
            return "workers of too many generations end their last requests"
        bucket.tokens = min(self.burst, bucket.tokens + max(0.0, now - bucket.at) / self.seconds)
        bucket.at = now
        if bucket.tokens < 1:
            return "too many reloads in a short time"
        bucket.tokens -= 1
        return ""


#: Of changes that nobody ordered.
CATALOGUE = Limit(burst=3.0, seconds=10.0, old_workers=4)
#: Of the dial, when the first limit is used up. People and ramps never get to it; what writes the dial in a loop does.
DIAL = Limit(burst=10.0, seconds=2.0, old_workers=16)
