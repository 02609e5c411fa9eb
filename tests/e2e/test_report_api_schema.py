"""The report API against its own description: schemathesis makes requests of docs/openapi.yaml, valid ones and others,
and holds each answer against what stands there. It comes from PyPI, into build/schemathesis; where that cannot be
reached the test is skipped and says so."""

import os
import subprocess
import sys

import pytest

from cluster import ROOT
from making import BAD
from report_callers import Reports, free_port, shipped_rights

SCHEMATHESIS = "schemathesis==4.32.5"
FOLDER = os.path.join(ROOT, "build", "schemathesis")
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth")


@pytest.fixture(scope="module")
def schemathesis():
    program = os.path.join(FOLDER, "bin", "schemathesis")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout if os.path.exists(program) else ""
    if SCHEMATHESIS.partition("==")[2] not in said:
        made = subprocess.run([sys.executable, "-m", "venv", FOLDER], capture_output=True, text=True, check=False)
        done = subprocess.run([os.path.join(FOLDER, "bin", "pip"), "install", "-q", "--disable-pip-version-check", SCHEMATHESIS],
                              capture_output=True, text=True, timeout=600, check=False) if made.returncode == 0 else made
        if done.returncode != 0:
            pytest.skip(f"{SCHEMATHESIS} cannot be installed here: {(done.stderr or done.stdout).strip()[-300:]}")
    return program


def test_every_answer_is_as_the_description_says(system, schemathesis, tmp_path):
    shipped_rights(system.cluster)
    port = free_port()
    with system.roles.controllers[0].started_with({"--report-listen": f"127.0.0.1:{port}"}):
        system.cluster.wait_until(system.roles.leader, 60, "the controller leads")
        reports = Reports(system, port)
        pushed = system.push(packages=BAD)
        system.request_scan(pushed)
        token = reports.account("report-schema", ("imagescans", ["get", "list", "create"]), ("scanpolicies", ["list"]))
        config = tmp_path / "schemathesis.toml"
        # Whoever asks more often is answered 429, of which there is nothing to learn.
        config.write_text(f'rate-limit = "18/s"\ntls-verify = "{system.roles.ca_file}"\n\n[parameters]\n'
                          f'"path.digest" = "{pushed.digest}"\n', encoding="utf-8")
        done = subprocess.run(
            [schemathesis, "--config-file", str(config), "run", os.path.join(ROOT, "docs", "openapi.yaml"), "--url", reports.url,
             "-H", f"Authorization: Bearer {token}", "--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "15",
             "--seed", "1", "--generation-deterministic", "--no-color"],
            capture_output=True, text=True, timeout=900, check=False, cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)})
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        assert "/v1/images" in done.stdout or "passed" in done.stdout
        assert token not in system.roles.logs()
        for scan in system.cluster.items("/apis/landwaiter.io/v1alpha1/imagescans"):
            if scan["metadata"]["name"].startswith("request-"):
                system.cluster.kubectl("delete", "imagescan", scan["metadata"]["name"])
