"""One way of computing something, in a process of its own: contestant.py '{"job": "gradient", "model": "mlp", ...}'

Speaks in JSON lines, as ../contestant.ts does: says `ready` once warm, runs once for every line `run` and says how many
seconds that took, and at the line `end` says what the result looks like and how much memory the process has held at most.
"""
import importlib
import json
import resource
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Callable

import torch

from fingerprint import fingerprint

# A turn is at least so many seconds long: runs of less are repeated.
TURN = 0.03


@dataclass
class Contest:
    run: Callable[[], Any]
    # Before every run, untimed.
    setup: Callable[[], None] = lambda: None
    # What of the last run's value is compared: a list of tensors.
    result: Callable[[Any], list] = field(default=lambda value: value)
    warmup: int = 1


def say(**message):
    print(json.dumps(message), flush=True)


def timed(contest):
    contest.setup()
    start = time.perf_counter()
    value = contest.run()
    return time.perf_counter() - start, value


def turn(contest, single):
    """Runs for the length of a turn: the median of what they took, and the last one's value."""
    times, start = [], time.perf_counter()
    while True:
        value = None
        seconds, value = timed(contest)
        times.append(seconds)
        if single or time.perf_counter() - start >= TURN:
            return statistics.median(times), value


def peak_megabytes():
    """The most that this process has held. Linux's ru_maxrss begins with what the parent held when it started it."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    params = json.loads(sys.argv[1])
    torch.set_num_threads(params.get("threads", 2))
    contest = importlib.import_module(f"jobs.{params['job']}").prepare(params)
    first, value = timed(contest)
    for _ in range(contest.warmup - 1):
        value = None
        value = timed(contest)[1]
    say(ready=True, first_s=first)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        value = None
        seconds, value = turn(contest, params.get("single", False))
        say(seconds=seconds)
    peak = peak_megabytes()
    say(peak_mb=peak, fingerprint=fingerprint(contest.result(value)))


if __name__ == "__main__":
    sys.modules["contestant"] = sys.modules["__main__"]
    main()
