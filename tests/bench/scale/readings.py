"""What is read of servers while a cluster fills: memory, CPU, histograms, who asked the API server for what."""

import collections
import json
import os
import re
import ssl
import urllib.request

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_TICKS = os.sysconf("SC_CLK_TCK")


def resident(pid, field="VmRSS"):
    """Bytes of memory of one process; field VmHWM: its highest so far."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(field + ":"))


def forget_peak(pid):
    """VmHWM counts from here (proc(5), clear_refs)."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as f:
        f.write("5")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def samples(text):
    """(name, labels, value) of each line of Prometheus' text format."""
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match:
            yield match.group(1), dict(_LABEL.findall(match.group(2) or "")), float(match.group(3))


class Histogram:
    """Buckets of a Prometheus histogram, summed over all series that have these labels."""

    def __init__(self, text, name, labels=()):
        wanted = dict(labels)
        self.buckets = collections.Counter()
        for sample, found, value in samples(text):
            if sample == name + "_bucket" and all(found.get(k) == v for k, v in wanted.items()):
                self.buckets[float(found["le"])] += value

    def since(self, earlier):
        self.buckets.subtract(earlier.buckets)
        return self

    @property
    def count(self):
        return int(self.buckets.get(float("inf"), 0))

    def quantile(self, share):
        """As Prometheus' histogram_quantile: linear within the bucket; None without observations."""
        if not self.count:
            return None
        rank, below, lower = share * self.count, 0.0, 0.0
        for bound in sorted(self.buckets):
            reached = self.buckets[bound]
            if reached >= rank:
                if bound == float("inf"):
                    return lower
                return lower + (bound - lower) * (rank - below) / max(reached - below, 1)
            below, lower = reached, bound
        return lower


def role_metrics(role):
    status, text = role.get("/metrics")
    assert status == 200, f"{role.process.name}: {status} {text}"
    return text


def apiserver_metrics(cluster):
    context = ssl.create_default_context(cafile=cluster.authority.certificate)
    context.load_cert_chain(cluster.path("admin.crt"), cluster.path("admin.key"))
    with urllib.request.urlopen(f"{cluster.server}/metrics", timeout=60, context=context) as answer:
        return answer.read().decode("utf-8", "replace")


class Requests:
    """Requests of Landwaiter's accounts, from where the last look at the audit log ended."""

    def __init__(self, cluster):
        self._path, self._at = cluster.audit_log, 0

    def new(self):
        """{(account, verb, resource): number} since the last call."""
        found = collections.Counter()
        try:
            log = open(self._path, "rb")
        except FileNotFoundError:
            return found
        with log:
            log.seek(self._at)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                event = json.loads(line)
                what = event.get("objectRef", {})
                name = "/".join(filter(None, (what.get("resource"), what.get("subresource"))))
                found[event["user"]["username"].rpartition(":")[2], event["verb"], name] += 1
        return found
