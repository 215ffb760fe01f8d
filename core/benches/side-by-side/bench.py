#!/usr/bin/env python3
"""Measures Sessile beside its peers against the origin that start.sh has started.

    bench.py time SCENARIO [ROUNDS]            CPU time per request, in interleaved rounds
    bench.py instructions SCENARIO CLIENT...   user instructions per request (needs valgrind)
    bench.py syscalls SCENARIO CLIENT...       system calls per request (needs strace; start the origin with DELAY_US=300)

Scenarios: seq conc big upload. Each client is a process of its own that prints one JSON line. A ratio is the median of
the ratios to the first row in the same round: machines are noisy, neighbours in time are less so.
"""
import json, os, re, statistics, subprocess, sys, tempfile

ADDRESS = "127.0.0.1:8099"
BINARIES = os.environ.get("CARGO_TARGET_DIR", "target") + "/release/"
CLIENTS = {  # name -> program and the prefix of its modes
    "raw": ("raw", ""), "raw-epoll": ("raw", ""), "hand": ("c-hand", ""), "runtime": ("c-rt", ""),
    "sessile": ("c-sessile", "b-"), "sessile-mio": ("c-sessile", "m-"), "sessile-async": ("c-sessile", "a-"),
    "hyper": ("c-hyper", ""), "ureq": ("c-ureq", ""),
}
SCENARIOS = {  # scenario -> (client, mode, requests, connections); the first row is the reference
    "seq": [("raw", "seq", 40_000, 0), ("raw-epoll", "seqep", 40_000, 0), ("hand", "seq", 40_000, 0),
            ("runtime", "as-seq", 40_000, 0), ("runtime", "asr-seq", 40_000, 0)]
           + [(name, "seq", 40_000, 0) for name in ("sessile", "sessile-mio", "sessile-async", "hyper", "ureq")],
    "conc": [("raw-epoll", "conc", 200_000, 64), ("hand", "conc", 200_000, 64), ("runtime", "as-conc", 60_000, 64)]
            + [("sessile-mio", "conc", 200_000, 64), ("sessile-async", "conc", 60_000, 64)]
            + [("hyper", "conc", 100_000, 64), ("ureq", "conc", 40_000, 16)],
    "big": [("raw", "big", 8, 128), ("hand", "big", 8, 0)]
           + [(name, "big", 8, 0) for name in ("sessile", "sessile-mio", "sessile-async", "hyper", "ureq")],
    "upload": [("raw", "upload", 8, 256), ("sessile", "upload", 8, 0), ("hyper", "upload", 8, 0), ("ureq", "upload", 8, 0)],
}


def command(client, mode, requests, connections):
    program, prefix = CLIENTS[client]
    words = [BINARIES + program, prefix + mode, ADDRESS, str(requests)]
    return ["taskset", "-c", "0"] + words + ([str(connections)] if connections else [])


def run(job):
    output = subprocess.run(command(*job), capture_output=True, text=True, timeout=120, check=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def time(scenario, rounds):
    jobs = SCENARIOS[scenario]
    results = {job: [] for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            results[job].append(run(job))
    big = "gbps" in results[jobs[0]][0]
    figure, unit = ("cpu_s_per_gb", "CPU s per GB") if big else ("cpu_us", "CPU us")
    print(f"| {scenario} | {unit}, median (min-max) | x {jobs[0][0]} | allocations | octets |\n|---|---|---|---|---|")
    for job in jobs:
        values = [result[figure] for result in results[job]]
        ratio = statistics.median(value / base[figure] for value, base in zip(values, results[jobs[0]]))
        name = job[0] if job[0] != "runtime" else f"{job[1].split('-')[0]} without HTTP"
        spread = f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
        last = results[job][-1]
        print(f"| {name} | {spread} | {ratio:.2f} | {last['allocs']:.1f} | {last['alloc_bytes']:.0f} |", flush=True)


def counted(words, tool):
    environment = dict(os.environ, WARM="50")
    if tool == "instructions":
        words = words[:3] + ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"] + words[3:]
        output = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300).stderr
        return {"instructions": int(re.search(r"Collected : (\d+)", output)[1])}
    with tempfile.NamedTemporaryFile("r") as table:
        words = words[:3] + ["strace", "-c", "-f", "-o", table.name] + words[3:]
        subprocess.run(words, capture_output=True, env=environment, timeout=300)
        rows = [line.split() for line in table]
    return {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[0][0].isdigit() and row[-1] != "total"}


def count(tool, scenario, clients):
    """By the difference of a run of 1,000 and one of 2,000 requests."""
    connections = 64 if scenario == "conc" else 0
    for client in clients:
        few, many = (counted(command(client, scenario, n, connections), tool) for n in (1000, 2000))
        each = {name: round((many[name] - few.get(name, 0)) / 1000, 2) for name in many}
        each = {name: value for name, value in each.items() if abs(value) > 0.01}
        print(f"{client:15} {sum(each.values()):9.2f}  {each if tool == 'syscalls' else ''}", flush=True)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    match sys.argv[1:]:
        case ["time", scenario, *rounds]:
            time(scenario, int(rounds[0]) if rounds else 5)
        case ["instructions" | "syscalls" as tool, scenario, *clients] if clients:
            count(tool, scenario, clients)
        case _:
            sys.exit(__doc__)
