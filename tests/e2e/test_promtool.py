"""The alerts of the chart and the queries of its dashboard as Prometheus' own promtool reads them (Debian: package
prometheus). Without it these tests are skipped, and the run's last lines say that it is not there."""

import itertools
import json
import os
import shutil
import subprocess

import pytest
import yaml

from charts import CHART, render

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: package prometheus): no PromQL was parsed")
_numbers = itertools.count(1)


def _promtool(folder, what, content):
    """(exit code, what it said) of `promtool WHAT FILE`."""
    path = folder / f"{next(_numbers)}.yaml"
    path.write_text(yaml.safe_dump(content))
    done = subprocess.run([PROMTOOL, *what.split(), str(path)], capture_output=True, text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def _groups():
    """The rules of the PrometheusRule that helm renders."""
    (rule,) = [o for o in render({"metrics": {"prometheusRule": {"enabled": True}}}) if o["kind"] == "PrometheusRule"]
    return rule["spec"]["groups"]


def test_the_alerts_are_rules_of_prometheus(helm_built, tmp_path):
    groups = _groups()
    count = sum(len(g["rules"]) for g in groups)
    code, said = _promtool(tmp_path, "check rules", {"groups": groups})
    assert code == 0 and f"SUCCESS: {count} rules found" in said, said
    groups[0]["rules"][0]["expr"] += ")"
    assert _promtool(tmp_path, "check rules", {"groups": groups})[0] != 0, "promtool reads the expressions"


def test_the_dashboard_s_queries_are_promql(tmp_path):
    with open(os.path.join(CHART, "files", "dashboard.json"), encoding="utf-8") as f:
        queries = [t["expr"] for panel in json.load(f)["panels"] for t in panel.get("targets", ())]
    assert len(queries) > 10
    # Of an interval that Grafana puts in, any will do.
    rules = [{"record": f"query:{n}", "expr": q.replace("$__rate_interval", "5m")} for n, q in enumerate(queries)]
    code, said = _promtool(tmp_path, "check rules", {"groups": [{"name": "dashboard", "rules": rules}]})
    assert code == 0 and f"SUCCESS: {len(queries)} rules found" in said, said


# Alert: (series, by promtool's notation of a value each minute, how many minutes later it is asked for, whether it fires)
FIRING = {
    "no leader for six minutes": ("LandwaiterNoLeader", {'landwaiter_leader{pod="a"}': "0x10"}, 6, True),
    "a leader": ("LandwaiterNoLeader", {'landwaiter_leader{pod="a"}': "0x10", 'landwaiter_leader{pod="b"}': "1x10"}, 6, False),
    "new images that wait for forty minutes": ("LandwaiterNewImagesWait", {'landwaiter_new_images_waiting{pod="a"}': "0x40",
                                                                           'landwaiter_new_images_waiting{pod="b"}': "3x40"}, 40, True),
    "none that wait": ("LandwaiterNewImagesWait", {'landwaiter_new_images_waiting{pod="a"}': "0x40"}, 40, False),
    "a rollout's ten minutes": ("LandwaiterNewImagesWait", {'landwaiter_new_images_waiting{pod="a"}': "5x10 0x30"}, 40, False),
    "a database of today": ("LandwaiterDatabaseOld", {'landwaiter_database_built_timestamp_seconds{pod="a"}': "0x130"}, 120, False),
    "a database dated two days ahead": (
        "LandwaiterDatabaseOld", {'landwaiter_database_built_timestamp_seconds{pod="a"}': "200000x130"}, 120, True),
    "a webhook that is there": ("LandwaiterWebhookAbsent", {'landwaiter_webhook_policies{pod="a"}': "0x10"}, 8, False),
    "no webhook": ("LandwaiterWebhookAbsent", {'landwaiter_leader{pod="a"}': "1x10"}, 8, True),
}


@pytest.mark.parametrize("case", FIRING)
def test_an_alert_fires_when_it_should_and_only_then(helm_built, tmp_path, case):
    alert, series, minutes, fires = FIRING[case]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": _groups()}))
    (rule,) = [r for g in _groups() for r in g["rules"] if r.get("alert") == alert]
    expected = [{"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}] if fires else []
    code, said = _promtool(tmp_path, "test rules", {
        "rule_files": [str(tmp_path / "rules.yaml")], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": [{"series": s, "values": v} for s, v in series.items()],
                   "alert_rule_test": [{"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": expected}]}]})
    assert code == 0, said
