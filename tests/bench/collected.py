"""What it costs to look for more than packages: `--secrets`, whose bound is 40 % more CPU than without, and a policy whose
files are nowhere in the image. Each round runs all of them in turn on the same image, and gives one ratio; the median is printed."""

import json
import os
import statistics

BOUND = 1.40
NOTHING = {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanPolicy", "metadata": {"name": "nothing"}, "spec": {"onIncomplete": "Allow", "rules": [
    {"name": "nowhere", "action": "Warn", "files": {"paths": ["opt/nowhere/*.none"], "mustNotExist": True}}]}}


def bench_collected(measure, command, workdir, runs):
    """`command`: a scan without either, from a registry, without a layer cache."""
    policy = os.path.join(workdir, "collects-nothing.json")
    with open(policy, "w", encoding="ascii") as f:
        json.dump(NOTHING, f)
    named = {"packages alone": command, "files, none there": [*command, "--policy", policy], "--secrets": [*command, "--secrets"]}
    rows = {name: [] for name in named}
    for one in named.values():
        measure(one, (0, 3))
    for _ in range(runs):
        for name, one in named.items():
            rows[name].append(measure(one, (0, 3)))
    alone = rows["packages alone"]
    found = sum(len(p["secrets"]) for p in json.loads(rows["--secrets"][0]["out"])["platforms"])
    print(f"collected: the same image, {runs} rounds; {found} secrets found")
    print(f"  {'':18}{'wall s':>9}{'CPU s':>9}{'CPU, to packages alone':>24}")
    for name, measured in rows.items():
        ratio = statistics.median(a["cpu"] / b["cpu"] for a, b in zip(measured, alone))
        bound = "" if name != "--secrets" else f"   bound {BOUND:.2f}: {'kept' if ratio <= BOUND else 'BROKEN'}"
        print(f"  {name:18}{min(r['wall'] for r in measured):9.2f}{min(r['cpu'] for r in measured):9.2f}{ratio:24.2f}{bound}")
