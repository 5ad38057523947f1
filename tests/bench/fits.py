#!/usr/bin/env python3
"""Times other tools' fits on the judgements that `cargo run --release -p docket-judgement --example fits -- FOLDER`
wrote. `python3 fits.py FOLDER [ITEMS...]`, with the packages choix, evalica and numpy installed.

Each method runs in a process of its own, on one core, for at most 60 seconds of work and 8 GiB. Prints a Markdown row
per number of items, with the milliseconds of work (the least of up to 5 runs, conversion of the data not counted) and
the root-mean-square error of the scores; or why there are none.
"""

import csv
import math
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"

import choix
import evalica
import numpy as np

SECONDS = 60
MEMORY = 8 << 30
# choix adds alpha times the squared norm: this is the prior with the true standard deviation of 1.5.
RIDGE = 0.5 / 1.5**2


def read(folder, items):
    """Winners and losers, and the true scores."""
    with open(folder / f"comparisons-{items}.csv", newline="") as file:
        rows = [tuple(map(int, row)) for row in list(csv.reader(file))[1:]]
    with open(folder / f"truth-{items}.csv", newline="") as file:
        truth = np.array([float(row[1]) for row in list(csv.reader(file))[1:]])
    return [(a, b) if won else (b, a) for a, b, won in rows], truth


def choix_with(function, **options):
    def prepare(items, pairs):
        return lambda: function(items, pairs, **options)

    return prepare


def evalica_with(virtual):
    """With a virtual opponent that beats every item once and loses to it once, or without."""

    def prepare(items, pairs):
        rows = list(pairs)
        if virtual:
            rows += [(item, items) for item in range(items)] + [(items, item) for item in range(items)]
        winners, losers = [a for a, _ in rows], [b for _, b in rows]
        verdicts = [evalica.Winner.X] * len(rows)

        def fit():
            found = evalica.bradley_terry(winners, losers, verdicts).scores
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(np.array([found[item] for item in range(items)]))

        return fit

    return prepare


METHODS = {
    "choix opt_pairwise": choix_with(choix.opt_pairwise, alpha=RIDGE),
    "choix mm_pairwise": choix_with(choix.mm_pairwise, alpha=0.1),
    "choix ilsr_pairwise": choix_with(choix.ilsr_pairwise, alpha=0.01),
    "evalica bradley_terry": evalica_with(False),
    "evalica, virtual opponent": evalica_with(True),
}


def work(prepare, items, pairs, truth, answer):
    """Runs in the process: sends the cell of the table."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        fit = prepare(items, pairs)
        best, total = math.inf, 0.0
        for _ in range(5):
            start = time.process_time()
            scores = fit()
            spent = time.process_time() - start
            best, total = min(best, spent), total + spent
            if total > 5.0:
                break
        scores = np.asarray(scores, dtype=float)
        error = math.sqrt(np.mean((scores - scores.mean() - truth) ** 2))
        same = "all equal, " if np.ptp(scores) == 0.0 else ""
        answer.send(f"{1000 * best:.2f} ({same}{error:.3f})")
    except BaseException as reason:  # a Rust panic arrives as one
        words = str(reason).splitlines()[0][:60] if str(reason) else ""
        answer.send(f"failed: {type(reason).__name__} {words}".strip())


def cell(prepare, items, pairs, truth):
    """One method's cell; never nothing."""
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=work, args=(prepare, items, pairs, truth, send))
    process.start()
    send.close()
    result = None
    while result is None:
        try:
            if receive.poll(0.5):
                result = receive.recv()
            elif seconds_of(process.pid) > SECONDS:
                result = f"> {SECONDS} s"
        except EOFError:
            process.join()
            result = f"failed: the process ended with {process.exitcode}"
    process.terminate()
    process.join()
    return result


def seconds_of(pid):
    """A process's time of work; 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    sizes = [int(size) for size in sys.argv[2:]] or [100, 1000, 10_000, 100_000]
    print(f"choix, evalica {evalica.__version__}: CPU milliseconds (RMSE)\n")
    print("| items | comparisons | " + " | ".join(METHODS) + " |")
    print("|--:" * (2 + len(METHODS)) + "|")
    for items in sizes:
        pairs, truth = read(folder, items)
        cells = [cell(prepare, items, pairs, truth) for prepare in METHODS.values()]
        print(f"| {items} | {len(pairs)} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
