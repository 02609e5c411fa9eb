"""The test bench itself: what the other tests rely on is true of this control plane."""

from objects import deployment, job, pod

IMAGE = "registry.example.com/app@sha256:" + "4b" * 32


def _phases(cluster, namespace):
    return [p["status"].get("phase") for p in cluster.items(f"/api/v1/namespaces/{namespace}/pods")]


def test_the_api_server_names_its_version(cluster):
    status, version = cluster.api("GET", "/version")
    assert status == 200
    assert version["gitVersion"].startswith("v1."), version


def test_a_pod_is_scheduled_and_runs_and_reports_the_digest_that_it_was_given(cluster, namespace):
    cluster.apply(pod("one", IMAGE, namespace))
    path = f"/api/v1/namespaces/{namespace}/pods/one"
    running = cluster.wait_until(lambda: (p := cluster.get(path))["status"].get("phase") == "Running" and p, 30, "Running")
    assert running["spec"]["nodeName"] in ("node-a", "node-b")
    assert running["status"]["containerStatuses"][0]["imageID"] == IMAGE


def test_a_tag_has_the_image_id_that_the_annotation_says(cluster, namespace):
    tagged = pod("one", "registry.example.com/app:1", namespace)
    tagged["metadata"]["annotations"] = {"test.landwaiter.io/image-id": IMAGE}
    cluster.apply(tagged)
    cluster.wait_until(lambda: _phases(cluster, namespace) == ["Running"], 30, "Running")
    status = cluster.get(f"/api/v1/namespaces/{namespace}/pods/one")["status"]
    assert status["containerStatuses"][0]["imageID"] == IMAGE


def test_a_deployment_runs_all_replicas(cluster, namespace):
    cluster.apply(deployment("web", IMAGE, namespace, replicas=5))
    cluster.wait_until(lambda: _phases(cluster, namespace) == ["Running"] * 5, 60, "5 pods Running")


def test_the_pods_of_a_job_succeed(cluster, namespace):
    cluster.apply(job("once", IMAGE, namespace))
    cluster.wait_until(lambda: _phases(cluster, namespace) == ["Succeeded"], 30, "Succeeded")


def test_a_service_account_is_who_its_token_says_and_may_do_nothing_yet(cluster, namespace):
    kubeconfig = cluster.service_account_kubeconfig(namespace, "default")
    who = cluster.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", kubeconfig=kubeconfig)
    assert who.stdout == f"system:serviceaccount:{namespace}:default"
    refused = cluster.kubectl("get", "pods", "-n", namespace, kubeconfig=kubeconfig, check=False)
    assert refused.returncode != 0 and "forbidden" in refused.stderr


def test_data_outlive_a_restart_of_the_api_server(cluster, namespace):
    cluster.apply(pod("one", IMAGE, namespace))
    cluster.restart_apiserver()
    assert cluster.get(f"/api/v1/namespaces/{namespace}/pods/one")
    cluster.wait_until(lambda: _phases(cluster, namespace) == ["Running"], 30, "Running")
