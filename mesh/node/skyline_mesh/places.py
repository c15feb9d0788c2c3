"""Places such as @@HEALTH@@ in nginx.conf, which are different from node to node."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"@@([A-Z_]+)@@")


class Unfilled(Exception):
    """A place that this node has nothing for."""


def fill(text: str, places: Mapping[str, str]) -> str:
    """Raises Unfilled."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in places:
            raise Unfilled(f"nothing fills {found[0]}")
        return places[found[1]]

    return _PLACE.sub(value, text)
