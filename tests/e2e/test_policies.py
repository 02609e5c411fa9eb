"""ScanPolicies: what people are told of one that does not hold as it was written."""

from objects import NO_CRITICAL, policy


def _described(cluster, name):
    """The Events that `kubectl describe` shows of a policy, a line each."""
    _, _, events = cluster.kubectl("describe", "scanpolicy", name).stdout.partition("\nEvents:")
    return [line for line in events.splitlines() if "landwaiter-controller" in line]


def test_events_tell_of_a_policy_that_cannot_be_read_and_that_it_was_mended(system, namespace):
    cluster, name = system.cluster, f"broken-{namespace}"
    # The schema knows what a duration looks like, not that this is none.
    cluster.apply(policy(name, NO_CRITICAL, namespace=namespace, maxDatabaseAge="0s"))
    shown = cluster.wait_until(lambda: _described(cluster, name), 60, "an Event on the policy")
    assert len(shown) == 1 and shown[0].split()[:2] == ["Warning", "InvalidSpec"], shown
    assert "spec.maxDatabaseAge: '0s' is no time at all" in shown[0]

    cluster.apply(policy(name, NO_CRITICAL, namespace=namespace))
    shown = cluster.wait_until(lambda: (found := _described(cluster, name)) and len(found) > 1 and found, 60, "another Event")
    assert sorted(line.split()[:2] for line in shown) == [["Normal", "Valid"], ["Warning", "InvalidSpec"]], shown
    found = cluster.items(f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind=ScanPolicy,involvedObject.name={name}")
    assert {(e["type"], e["reason"], e["count"]) for e in found} == {("Warning", "InvalidSpec", 1), ("Normal", "Valid", 1)}, "each once"
