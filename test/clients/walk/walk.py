"""Walks every method of both versions of the API as SDKs do, and fails on any deviation from what is documented.

usage: walk.py BASE KEY OTHER_KEY    (BASE http://host:port of a fresh server; OTHER_KEY of a second account)
Exit code 0: no deviation; 1: some, each printed on a line of its own; 2: usage."""

import re
import sys
import time

import account
import calls
import extensions
import flow
import frame
import leads
import misses
import pearls
from judge import Judge
from receiver import Receiver
from sdk import Client


class Walk:
    """What the steps share: judges of both accounts, the receiver, and what has been created."""

    def __init__(self, base, key, other_key):
        self.judge = Judge(Client(base, key))
        self.other = Judge(Client(base, other_key))
        self.other.deviations = self.judge.deviations
        self.receiver = Receiver()
        self.number = self.number_id = None  # of the sandbox
        self.pearl = self.inbound = None  # a paused campaign, an inbound Pearl


def every_route_taken(walk):
    """The server's own document lists its routes: each that a key may use must have been answered 2xx at least once."""
    judge = walk.judge
    for version in ("v1", "v2"):
        document = judge.client.fetch(f"{judge.client.base}/openapi/{version}.json").json()
        for pattern, methods in document["paths"].items():
            path = re.compile(re.sub(r"\\\{[^}]*\\\}", ".+" if "External/" in pattern else "[^/]+", re.escape(pattern)), re.IGNORECASE)
            for method, operation in methods.items():
                if method != "parameters" and {"key": []} not in operation.get("security", document["security"]):
                    continue  # for people, who are no clients of the API
                taken = any(one == method.upper() and path.fullmatch(at) for one, at in judge.client.taken)
                judge.check(taken or method == "parameters", f"{method.upper()} {pattern} was never answered 2xx in this walk")


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    walk = Walk(*arguments)
    begun = time.monotonic()
    for steps in (account.first, pearls.steps, frame.steps, leads.steps, misses.steps, calls.steps, account.steps, flow.steps, extensions.steps, pearls.last, misses.last, account.last):
        for step in steps:
            walk.judge.run(f"{step.__module__}.{step.__name__}", lambda: step(walk))
            walk.other.step = walk.judge.step
    walk.judge.run("every_route_taken", lambda: every_route_taken(walk))
    walk.receiver.close()
    found = len(walk.judge.deviations)
    print(f"{walk.judge.answers + walk.other.answers} answers in {time.monotonic() - begun:.0f} s, {found} deviations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
