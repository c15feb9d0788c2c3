"""ministack 1.5.33, with two things put right.

Creates are idempotent by their clientRequestToken: AWS answers a create that is repeated with the same token as it
answered the first, ministack with a conflict, so that a client which repeats a request because its answer was lost fails
where it would not on AWS.

Clusters and node groups keep all settings that they were created with: a second apply would otherwise set out to mend,
or replace, what differs in the emulator alone.
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


def _remembering(create, find, settings):
    @functools.wraps(create)
    def answer(*args, **kwargs):
        result = create(*args, **kwargs)
        if result[0] == 200:
            body = next(argument for argument in args if isinstance(argument, dict))
            find(*args).update({name: body[name] for name in settings if name in body})
        return result

    return answer


eks._create_cluster = _remembering(
    eks._create_cluster,
    lambda body, *_: eks._clusters[body["name"]],
    ("upgradePolicy",),
)
eks._create_nodegroup = _remembering(
    eks._create_nodegroup,
    lambda cluster, body: eks._nodegroups[f"{cluster}/{body['nodegroupName']}"],
    ("launchTemplate", "updateConfig", "nodeRepairConfig"),
)

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
