"""Kubernetes objects as the tests write them."""


def pod(name, image, namespace, **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
            "spec": {"containers": [{"name": "main", "image": image}], **spec}}


def _template(image, labels, **spec):
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}], **spec}}


def deployment(name, image, namespace, replicas=1, **spec):
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": _template(image, labels, **spec)}}


def job(name, image, namespace):
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": namespace},
            "spec": {"template": _template(image, {"app": name}, restartPolicy="Never")}}


def owned(kind, name, image, namespace, replicas=1):
    """A ReplicaSet, StatefulSet or DaemonSet of one container."""
    made = deployment(name, image, namespace, replicas)
    made["kind"] = kind
    if kind == "DaemonSet":
        del made["spec"]["replicas"]
    if kind == "StatefulSet":
        made["spec"]["serviceName"] = name
    return made


def replication_controller(name, image, namespace, replicas=1):
    labels = {"app": name}
    return {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": labels, "template": _template(image, labels)}}


def cron_job(name, image, namespace):
    """One whose time does not come while tests run."""
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name, "namespace": namespace},
            "spec": {"schedule": "0 0 29 2 *", "jobTemplate": {"spec": job(name, image, namespace)["spec"]}}}


def policy(name, *rules, namespace=None, **spec):
    """A ScanPolicy, of one namespace only where one is given."""
    if namespace:
        spec["match"] = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                         **spec.get("match", {})}
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanPolicy",
            "metadata": {"name": name, "labels": {"test": namespace or "none"}}, "spec": {"rules": list(rules), **spec}}


def image_scan(name, image, **spec):
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ImageScan", "metadata": {"name": name},
            "spec": {"image": image, **spec}}


# For tests of what a policy says of an image that runs already: unwritten, it would be let in again.
JUDGE_RUNNING = {"alreadyRunning": {"action": "Judge"}}

NO_CRITICAL = {"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}}
NOT_ROOT = {"name": "not-root", "image": {"runsAsRoot": True}}

PASSWORD = "hunter2-of-the-e2e-tests"  # of the private registry's only user, robot
# Of the registry with a token server: {user: (password, what it may pull)}. Each password holds PASSWORD, which
# no log may.
TOKEN_USERS = {"team": (f"team-{PASSWORD}", ["team/"]), "all": (f"all-{PASSWORD}", [""]),
               "other": (f"other-{PASSWORD}", ["other/"])}
