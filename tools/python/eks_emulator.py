"""ministack, with one thing put right: creates are idempotent by their clientRequestToken.

AWS answers a create that is repeated with the same token as it answered the first. ministack 1.5.33 answers with a
conflict, so that a client which repeats a request because its answer was lost fails where it would not on AWS.
"""

import functools
import sys
import threading

from ministack.app import main
from ministack.services import eks

_answers = {}
_lock = threading.Lock()


def _idempotent(create):
    @functools.wraps(create)
    def answer(*args, **kwargs):
        body = next((argument for argument in args if isinstance(argument, dict)), {})
        token = body.get("clientRequestToken")
        if not token:
            return create(*args, **kwargs)
        key = (create.__name__, token)
        with _lock:
            if key in _answers:
                print(f"{create.__name__} repeated with token {token}", file=sys.stderr, flush=True)
                return _answers[key]
            result = create(*args, **kwargs)
            if result[0] == 200:
                _answers[key] = result
            return result

    return answer


for _name in (
    "_create_cluster",
    "_create_nodegroup",
    "_create_addon",
    "_create_access_entry",
    "_create_pod_identity_association",
):
    setattr(eks, _name, _idempotent(getattr(eks, _name)))

if __name__ == "__main__":
    sys.exit(main())
