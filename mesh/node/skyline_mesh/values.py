"""Values of keys in Consul that people and tools write: the dial, settings of services, the override of removals."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .model import Settings
from .names import CLUSTER_NAME, COOKIE_NAME, HEADER_NAME

#: Of limit_conn: NGINX refuses a configuration with more.
MAX_CONNECTIONS = 65535
#: Seconds that an override may still be good for: one that is forgotten must not stay open for ever.
MAX_OVERRIDE = 24 * 3600.0
#: Of the dial: above it not every reader of JSON tells one number from the next.
MAX_GENERATION = 2**53 - 1
#: Of each key; what is longer was written by no tool of ours.
MAX_LENGTH = 64 * 1024


@dataclass(frozen=True)
class Removal:
    """Leave to remove many at once. `services` names them; `*` is all of them."""

    services: frozenset[str]
    by: str
    why: str
    #: Seconds since 1970.
    expires: float

    def allows(self, name: str, now: float) -> bool:
        return now < self.expires and (name in self.services or "*" in self.services)


@dataclass(frozen=True)
class Dial:
    generation: int
    #: By cluster, without those of 0; the sum is 100.
    weights: dict[str, int]


def dial(text: object) -> tuple[Dial | None, str]:
    """{"generation":7,"weights":{"alpha":75,"bravo":25},…}, or why it is none. Whoever writes it counts the generations."""
    raw, error = _object(text)
    if raw is None:
        return None, error
    found, error = weights(raw.get("weights"))
    if found is None:
        return None, error
    generation = raw.get("generation")
    if type(generation) is not int or not 1 <= generation <= MAX_GENERATION:
        return None, f"its generation is {generation!r:.100}, and not a whole number from 1"
    return Dial(generation, found), ""


def weights(raw: object) -> tuple[dict[str, int] | None, str]:
    """Clusters with a share; whole numbers from 0 to 100 whose sum is 100."""
    if not isinstance(raw, dict):
        return None, f"weights is {raw!r:.100} and no object"
    for cluster, weight in raw.items():
        if not CLUSTER_NAME.fullmatch(cluster):
            return None, f"{cluster!r:.100} is no name of a cluster"
        if type(weight) is not int or not 0 <= weight <= 100:
            return None, f"the weight of {cluster} is {weight!r:.100}, and not from 0 to 100"
    if sum(raw.values()) != 100:
        return None, f"the sum of the weights is {sum(raw.values())}, and not 100"
    return {cluster: weight for cluster, weight in sorted(raw.items()) if weight > 0}, ""


def settings(text: object) -> tuple[Settings | None, str]:
    """{"timeouts":{"connect":1,"read":60,"send":60},"retries":1,"limits":{"connections":100},"sticky":{"header":"x-user-id"}},
    each of it optional; `sticky` may have a `cookie` instead."""
    raw, error = _object(text)
    if raw is None:
        return None, error
    timeouts, limits = raw.get("timeouts", {}), raw.get("limits", {})
    if not isinstance(timeouts, dict) or not isinstance(limits, dict):
        return None, "timeouts and limits are objects"
    default = Settings()
    try:
        return (
            Settings(
                connect_seconds=_seconds(timeouts, "connect", default.connect_seconds, 0.05, 10),
                read_seconds=_seconds(timeouts, "read", default.read_seconds, 0.1, 3600),
                send_seconds=_seconds(timeouts, "send", default.send_seconds, 0.1, 3600),
                retries=_whole(raw, "retries", default.retries, 0, 1),
                connections=_whole(limits, "connections", default.connections, 1, MAX_CONNECTIONS),
                **_sticky(raw),
            ),
            "",
        )
    except ValueError as wrong:
        return None, str(wrong)


def removal(text: object, now: float) -> tuple[Removal | None, str]:
    """{"services":["foo"],"by":"…","why":"…","expires":"2026-01-31T12:00:00Z"}; neither it nor an error without a text.

    `expires` is at most a day ahead.
    """
    if text == "":
        return None, ""
    raw, error = _object(text)
    if raw is None:
        return None, error
    services, by, why, expires = (raw.get(key) for key in ("services", "by", "why", "expires"))
    if not isinstance(services, list) or not all(isinstance(name, str) for name in services):
        return None, f"services is {services!r:.100}, and not a list of names"
    if not isinstance(by, str) or not by or not isinstance(why, str) or not why:
        return None, f"it says by {by!r:.100} and why {why!r:.100}, and each must say something"
    try:
        at = datetime.fromisoformat(str(expires))
    except ValueError:
        return None, f"it expires {expires!r:.100}, and not at a time such as 2026-01-31T12:00:00Z"
    if at.tzinfo is None:
        return None, f"it expires {expires!r:.100}, which has no time zone"
    if at.timestamp() - now > MAX_OVERRIDE:
        latest = datetime.fromtimestamp(now + MAX_OVERRIDE, timezone.utc).isoformat(timespec="seconds")
        return None, f"it expires {expires!r:.100}, which is later than in {MAX_OVERRIDE / 3600:g} h, {latest}"
    return Removal(frozenset(services), by[:500], why[:500], at.timestamp()), ""


def _object(text: object) -> tuple[dict[str, Any] | None, str]:
    if text == "":
        return None, "there is none"
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        return None, f"it is no text of at most {MAX_LENGTH} characters"
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        return None, f"it is no JSON: {error}"
    return (raw, "") if isinstance(raw, dict) else (None, "it is no object")


def _seconds(raw: dict[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = raw.get(key, default)
    if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{key} is {value!r:.100}, and not from {low} to {high} seconds")
    return float(value)


def _sticky(settings: dict[str, Any]) -> dict[str, str]:
    """As parts of Settings. A header or a cookie that NGINX could not tell from another is refused."""
    if "sticky" not in settings:
        return {}
    raw = settings["sticky"]
    kind, name = next(iter(raw.items())) if isinstance(raw, dict) and len(raw) == 1 else ("", None)
    if kind == "header" and isinstance(name, str) and HEADER_NAME.fullmatch(name):
        return {"sticky_header": name.lower()}
    if kind == "cookie" and isinstance(name, str) and COOKIE_NAME.fullmatch(name):
        return {"sticky_cookie": name}
    raise ValueError(f"sticky is {raw!r:.100}, and not one header or one cookie by a name of letters, digits and - or _")


def _whole(raw: dict[str, Any], key: str, default: Any, low: int, high: int) -> Any:
    value = raw.get(key, default)
    if value is default:
        return default
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{key} is {value!r:.100}, and not a whole number from {low} to {high}")
    return value
