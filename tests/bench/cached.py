"""The scanner role asked again for an image that it knows: as in a cluster, where the role runs and no program starts.
Beside it the one request that it sends for that, the manifest by its digest, asked of the registry by this script."""
import http.client
import json
import os
import ssl
import statistics
import time

from roles import Roles

ASKED = 50
INVENTORY = "application/vnd.landwaiter.inventory.4"  # as the controller asks for it


def _cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _timed(connection, method, path, **request):
    started = time.perf_counter()
    connection.request(method, path, **request)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{method} {path}: {answer.status} {body[:500]!r}")
    return time.perf_counter() - started


def _manifest_times(registry, digest):
    connection = http.client.HTTPConnection(registry.host, timeout=60)
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"}
    return [_timed(connection, "GET", f"/v2/bench/manifests/{digest}", headers=accept) for _ in range(ASKED)]


def bench_cached(workdir, registry, digest):
    with Roles(None, os.path.join(workdir, "roles"), None, plain_http=(registry.host,)) as roles:
        roles.make_certificates()
        scanner = roles.start_scanner(("--layer-cache", os.path.join(workdir, "role-layers"), "--log-level", "warn"))
        context = ssl.create_default_context(cafile=roles.ca_file)
        context.check_hostname = False
        controller = os.path.join(roles.certificates, "controller")
        context.load_cert_chain(os.path.join(controller, "tls.crt"), os.path.join(controller, "tls.key"))
        connection = http.client.HTTPSConnection("127.0.0.1", scanner.port, context=context, timeout=900)
        body = json.dumps({"image": f"{registry.host}/bench@{digest}", "platforms": [], "credentials": []})
        ask = lambda: _timed(connection, "POST", "/v1/scan", body=body,  # noqa: E731
                             headers={"Content-Type": "application/json", "Accept": INVENTORY})
        first = ask()
        before = _cpu_seconds(scanner.process.pid)
        known = [ask() for _ in range(ASKED)]
        cpu = (_cpu_seconds(scanner.process.pid) - before) / ASKED
        bare = _manifest_times(registry, digest)
    p50, bare50 = statistics.median(known), statistics.median(bare)
    print(f"  in the role: at first {first:.2f} s; known, {ASKED} times: {1e3 * p50:.1f} ms (best {1e3 * min(known):.1f}), "
          f"{1e3 * cpu:.1f} ms of CPU; the manifest alone {1e3 * bare50:.1f} ms: {p50 / bare50:.1f} times")
