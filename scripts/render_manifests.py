#!/usr/bin/env python3
"""Writes manifests/*.yaml from charts/landwaiter, with the helm that tests/cluster/helm/build.sh builds. A test compares what is committed with what this writes.

    python3 scripts/render_manifests.py [FOLDER]      # default: manifests
"""

import os
import subprocess
import sys

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHART = os.path.join(ROOT, "charts", "landwaiter")
sys.path.insert(0, os.path.join(ROOT, "tests", "cluster"))

from cluster import binary  # noqa: E402  pylint: disable=wrong-import-position

INSTALL = """\
# The chart charts/landwaiter with its defaults, in namespace landwaiter. Rendered by
# scripts/render_manifests.py; change the chart, not this file. docs/install.md says how to use it.
"""
WEBHOOK = """\
# The admission webhook as it is when it is armed, without caBundle. In a cluster nothing of this has to
# be applied: the leading controller does it when the webhook answers (ConfigMap
# landwaiter-webhook-configuration in install.yaml). Rendered by scripts/render_manifests.py.
"""
CONFIGURATION = """\
# The object that the controller arms, as it stands in install.yaml too: its `webhooks` are the controller's
# (those of webhook.yaml), everything else is the installer's, so that neither sees a difference in the
# other's part. Rendered by scripts/render_manifests.py.
"""
HOLD = """\
# What differs from install.yaml where pods are held, owners nudged and digests pinned (admission.hold, .nudge and
# .pinDigests; docs/admission.md): apply it after install.yaml. Rendered by scripts/render_manifests.py.
"""
REPORTS = """\
# What differs from install.yaml where the controller serves the report API (controller.reportApi; docs/api.md): apply it
# after install.yaml. Rendered by scripts/render_manifests.py.
"""


def template(*settings):
    return subprocess.run(
        [binary("helm"), "template", "landwaiter", CHART, "--namespace", "landwaiter", "--no-hooks",
         "--set", ",".join(["namespace.create=true", *settings])], check=True, stdout=subprocess.PIPE, text=True).stdout


def documents(text):
    """The texts of the objects of a file."""
    return [d.strip("\n") for d in ("\n" + text).split("\n---\n") if d.strip()]


def tidy(text):
    """Blanks at the ends of lines come from empty parts of templates. Empty lines stay: within a text they are
    part of it."""
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def objects_of(text):
    return [o for o in yaml.safe_load_all(text) if o]


def rendered():
    """{name: text} of the files of manifests/ that come from the chart."""
    shipped = template()
    objects = objects_of(shipped)
    with_hold = [d for d in documents(template("admission.hold=true", "admission.nudge=true", "admission.pinDigests=true")) if d not in documents(shipped)]
    with_reports = [d for d in documents(template("controller.reportApi.enabled=true")) if d not in documents(shipped)]
    (webhook,) = [o["data"]["webhook.yaml"] for o in objects if o["kind"] == "ConfigMap"]
    (configuration,) = [o for o in objects if o["kind"] == "ValidatingWebhookConfiguration"]
    return {"install.yaml": INSTALL + tidy(shipped), "webhook.yaml": WEBHOOK + webhook,
            "webhook-configuration.yaml": CONFIGURATION + yaml.safe_dump(configuration, sort_keys=False),
            "hold.yaml": HOLD + tidy("---\n" + "\n---\n".join(with_hold)),
            "report-api.yaml": REPORTS + tidy("---\n" + "\n---\n".join(with_reports))}


def main(argv):
    folder = argv[1] if len(argv) > 1 else os.path.join(ROOT, "manifests")
    subprocess.run([os.path.join(ROOT, "tests", "cluster", "helm", "build.sh")], check=True, stdout=sys.stderr)
    for name, text in rendered().items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
