"""How long a run may take.

consul-template ends with a command that takes too long, and systemd kills a unit that does: a run is to end by itself before,
and leaves to the next one what it has no time for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

#: Of an ordinary run, the wait for the lock included. TimeoutStartSec of skyline-apply.service and the timeouts in
#: consul-template.hcl are longer.
RUN_SECONDS = 50.0
#: Of `--boot`, which skyline-nginx.service waits for: systemd's 90 s are longer.
BOOT_SECONDS = 80.0


class OutOfTime(Exception):
    """What was cut off might have been well with more time."""


@dataclass(frozen=True)
class Deadline:
    at: float

    @staticmethod
    def after(seconds: float) -> Deadline:
        return Deadline(time.monotonic() + seconds)

    def before(self, seconds: float) -> Deadline:
        """An earlier one, which leaves so much time."""
        return Deadline(self.at - seconds)

    @property
    def left(self) -> float:
        """Seconds; none after it."""
        return max(0.0, self.at - time.monotonic())
