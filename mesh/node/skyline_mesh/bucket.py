"""How often NGINX is reloaded: at once after a quiet time, and no more than so often in a storm."""

from __future__ import annotations

from dataclasses import dataclass

BURST = 3.0
#: Of one token. Each reload leaves workers behind that end their requests for up to a minute.
SECONDS = 10.0


@dataclass
class Bucket:
    tokens: float = BURST
    #: Seconds since 1970, as it must outlive the process.
    at: float = 0.0

    def take(self, now: float) -> bool:
        """Takes a token if there is one. A clock that was put back fills nothing and stops nothing."""
        self.tokens = min(BURST, self.tokens + max(0.0, now - self.at) / SECONDS)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
