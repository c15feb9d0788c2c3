"""Applies many catalogues in one process: each line of standard input is one with a dial's file, as a list of two JSON texts;
each answer is a line.

The apply step is the real one, NGINX's tests included; only the start of a Python for each is saved.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from skyline_mesh.apply import Apply  # noqa: E402
from skyline_mesh.deadline import RUN_SECONDS, Deadline  # noqa: E402
from skyline_mesh.nginx import Nginx  # noqa: E402
from skyline_mesh.node import Node  # noqa: E402

file = Path(sys.argv[2])
node = Node.load(file)
live = node.paths.state / "live"
(node.paths.state / "cache").mkdir(exist_ok=True)
answers = sys.stdout
sys.stdout = sys.stderr
for number, line in enumerate(sys.stdin):
    for name, text in zip(("catalogue", "dial"), json.loads(line)):
        (node.paths.state / "staging" / f"{name}.jsonl").write_bytes(text.encode("utf-8", "surrogatepass"))
    apply = Apply(node, file, Deadline.after(RUN_SECONDS))
    result = apply()
    services = json.loads((live / "model.json").read_text())["services"]
    test = Nginx(node).test(live / "nginx.conf", apply.deadline) if number % 20 == 0 else ""
    print(json.dumps([result, services.get("canary"), test, apply.run["findings"]]), file=answers, flush=True)
