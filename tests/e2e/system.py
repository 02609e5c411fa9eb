"""The whole of Landwaiter on the test bench, and what tests ask of it."""

import itertools
import json
import ssl
import urllib.error
import urllib.request

from imagewriter import Index
from making import debian_image
from objects import policy
from processes import wait_until

SCANS = "/apis/landwaiter.io/v1alpha1/imagescans"
POLICIES = "/apis/landwaiter.io/v1alpha1/scanpolicies"
_numbers = itertools.count(1)


def condition(scan, kind):
    """The condition of that type of an object, or an empty one."""
    found = [c for c in (scan or {}).get("status", {}).get("conditions", []) if c["type"] == kind]
    return found[0] if found else {"status": None, "reason": None, "message": None}


class Pushed:
    """An image in the registry: `tagged` and `pinned` are references to it."""

    def __init__(self, registry, image, repository=None, tag="1"):
        self.repository = repository or f"test/app-{next(_numbers)}"
        self.image, self.digest = image, image.digest
        self.pinned = registry.push(image, self.repository, tag)
        self.tagged = f"{registry.host}/{self.repository}:{tag}"
        self.scan_name = self.digest.replace(":", "-")


class System:
    def __init__(self, cluster, registry, roles):
        self.cluster, self.registry, self.roles = cluster, registry, roles

    # --- images

    def push(self, image=None, **how):
        """Pushes an image: the given one, or a new debian_image of the given packages and so on."""
        where = {k: how.pop(k) for k in ("repository", "tag") if k in how}
        return Pushed(self.registry, image or debian_image(**how), **where)

    def push_index(self, *platforms, **how):
        return Pushed(self.registry, Index([debian_image(platform=p, **how) for p in platforms]))

    # --- policies

    def enforce(self, namespace, *policies):
        """Applies policies and returns when every webhook has them. Informers see changes of a kind in
        order: once the canary that was applied after them is in force, so are they."""
        tag = f"canary-{next(_numbers)}"
        canary = policy(f"canary-{namespace}", {"name": "canary", "reference": {"deniedTags": [tag]}}, namespace=namespace,
                        match={"images": ["canary.invalid/**"]})
        self.cluster.apply(*policies)
        self.cluster.apply(canary)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "canary", "namespace": namespace},
               "spec": {"containers": [{"name": "c", "image": f"canary.invalid/x:{tag}"}]}}
        for webhook in self.roles.webhooks:
            if webhook.process.is_running():
                wait_until(lambda w=webhook: not self.review(w, pod, dry_run=True)["allowed"], 30,
                           f"{webhook.process.name} has the policies of {namespace}")

    def review(self, webhook, pod, operation="CREATE", dry_run=False, **request):
        """Asks one webhook process about a pod, as the API server would; returns the response."""
        body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": f"uid-{next(_numbers)}", "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": operation,
            "namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"], "dryRun": dry_run,
            "userInfo": {"username": "test", "groups": ["system:authenticated"]}, "object": pod, "oldObject": None, **request}}
        status, answer = self.post(webhook, json.dumps(body).encode())
        assert status == 200, f"{status} {answer}"
        return json.loads(answer)["response"]

    def post(self, role, body, path="/validate?timeout=10s", content_type="application/json"):
        """(status, text) of a POST to a role; status 0 when there was no answer."""
        request = urllib.request.Request(role.url + path, data=body, headers={"Content-Type": content_type})
        context = ssl.create_default_context(cafile=self.roles.ca_file)
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            return 0, str(error)

    # --- pods

    def create(self, *objects, dry_run=False, **kubectl):
        """kubectl create; the CompletedProcess, whatever came of it."""
        return self.cluster.kubectl("create", *(["--dry-run=server"] if dry_run else []), "-f", "-", check=False,
                                    stdin={"apiVersion": "v1", "kind": "List", "items": list(objects)}, **kubectl)

    def pod(self, namespace, name):
        return self.cluster.get(f"/api/v1/namespaces/{namespace}/pods/{name}")

    # --- scans

    def scan(self, name):
        return self.cluster.get(f"{SCANS}/{name}")

    def scans_of(self, digest):
        """Every ImageScan whose image is this digest, canonical or not."""
        return [s for s in self.cluster.items(SCANS) if digest in s["spec"]["image"]]

    def wait_scan(self, name, ready="True", reason=None, seconds=60):
        """Waits until the condition Ready of a scan has this status (and reason); returns the scan."""
        def looked():
            scan = self.scan(name)
            seen = condition(scan, "Ready")
            return scan if seen["status"] == ready and reason in (None, seen["reason"]) else None
        try:
            return self.cluster.wait_until(looked, seconds, f"{name} has Ready={ready} {reason or ''}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {condition(self.scan(name), 'Ready')}") from None

    def request_scan(self, pushed, reference=None):
        """Asks for a scan as a person does, and waits for the canonical ImageScan to be Ready."""
        name = f"ask-{next(_numbers)}"
        self.cluster.apply({"apiVersion": "landwaiter.io/v1alpha1", "kind": "ImageScan", "metadata": {"name": name},
                            "spec": {"image": reference or pushed.tagged}})
        return self.wait_scan(pushed.scan_name)

    def creations(self, resource, name=None):
        """Successful creations of a kind in the audit log, by whom."""
        return [e["user"]["username"] for e in self.cluster.audit()
                if e["verb"] in ("create", "patch") and e["objectRef"]["resource"] == resource
                and e["responseStatus"]["code"] == 201 and name in (None, e["objectRef"].get("name"))
                and "dryRun=All" not in e["requestURI"]]
