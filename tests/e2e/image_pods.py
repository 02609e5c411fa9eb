"""The chart's roles run from the image on the test bench, each in what a kubelet would give its pod."""

import shutil

from charts import NAMESPACE, one, placed, pod_spec, render
from processes import Process
from roles import Role
from test_chart_trust import Bench


class Pods(Bench):
    """The release's roles from the image, each as a kubelet starts its container: the chart's arguments, environment and
    mounts and nothing else that could be written to; empty folders, Secrets and the token as a kubelet makes them."""

    def __init__(self, cluster, folder, image, registry):
        super().__init__(cluster, folder)
        self.image = image
        self.values["registries"] = {"plainHttp": [registry.host], "allowAddresses": ["127.0.0.1/32"]}
        self.objects = render(self.values)

    def start(self, name):
        role = name.split("-")[0]
        spec = pod_spec(one(self.objects, "Deployment", f"landwaiter-{role}"))
        (found,) = spec["containers"]
        volumes = {v["name"]: v for v in spec["volumes"]}
        mounts = {m["mountPath"]: self._folder(name, volumes[m["name"]], spec) for m in found["volumeMounts"]}
        if spec.get("automountServiceAccountToken", True):
            mounts["/var/run/secrets/kubernetes.io/serviceaccount"] = self._token(self.folder / name / "token", spec)
        env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": self.cluster.port,
               **{e["name"]: e["value"] for e in found.get("env", ())}}
        args = placed(found["args"], {}, self.ports[name], {r: p[0] for r, p in self.ports.items()})
        process = self.group.add(Process(name, self.image.argv(args, mounts, env), self.folder / f"{name}.log")).start()
        self.roles[name] = Role(process, *self.ports[name])

    def _folder(self, pod, volume, spec):
        folder = self.folder / pod / volume["name"]
        if "persistentVolumeClaim" in volume:
            return self.folder / "database"
        folder.mkdir(parents=True)
        if "emptyDir" in volume:
            folder.chmod(0o777)
        elif "projected" in volume:
            self._token(folder, spec)
        elif "configMap" in volume:
            shipped = one(self.objects, "ConfigMap", volume["configMap"]["name"])
            for name, text in shipped["data"].items():
                (folder / name).write_text(text)
        else:
            self._mount_secret(volume["secret"]["secretName"], folder)
        return folder

    def _token(self, folder, spec):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(self.cluster.service_account_token(NAMESPACE, spec["serviceAccountName"]))
        (folder / "namespace").write_text(NAMESPACE)
        shutil.copy(self.cluster.authority.certificate, folder / "ca.crt")
        return folder
