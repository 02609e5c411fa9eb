"""Sets of values that users of the chart might have: each is rendered and asked what must hold of all."""

PLACED = {"tolerations": [{"key": "dedicated", "operator": "Exists"}], "nodeSelector": {"pool": "infra"},
          "affinity": {"nodeAffinity": {}}, "podAnnotations": {"a.example/b": "c"}, "podLabels": {"team": "sec"},
          "extraArgs": ["--log-level=debug"], "extraEnv": [{"name": "TZ", "value": "UTC"}], "topologySpread": False}
RENDERED = {
    "the defaults": {},
    "a digest in place of a tag, and pull secrets": {
        "image": {"digest": "sha256:" + "a" * 64}, "imagePullSecrets": [{"name": "regcred"}]},
    "another name, and labels on everything": {"fullnameOverride": "gate", "commonLabels": {"team": "sec"}},
    "a namespace of its own making": {"namespace": {"create": True}},
    "no CRDs": {"crds": {"install": False}},
    "Deployments alone, without volumes": {"store": {"persistence": {"enabled": False}}},
    "a storage class": {"store": {"persistence": {"storageClassName": "fast", "size": "5Gi", "accessModes": ["ReadWriteOncePod"]}}},
    "OpenShift": {"openshift": {"enabled": True}},
    "no quota": {"resourceQuota": {"enabled": False}},
    "any number of new images": {"controller": {"namespaceNewImages": 0}},
    "inventories that outlive an upgrade": {"controller": {"keepInventories": True}},
    "a database from a registry, signed, behind a login": {
        "database": {"source": "oci", "oci": {"reference": "oci://registry.example/team/db:1", "pullSecret": "regcred",
                                              "verifyKeys": {"configMap": "keys", "keys": ["db.pub"]}}}},
    "a database from feeds of a mirror": {
        "database": {"every": "1d", "update": {"feeds": ["osv", "kev=https://mirror.example/kev.json"], "ecosystems": ["Debian"],
                                               "mirror": "https://mirror.example"}}},
    "a database on a volume": {"database": {"source": "volume", "volume": {"persistentVolumeClaim": {"claimName": "db"}}}},
    "pull secrets of two namespaces": {"registries": {"secrets": {"mode": "namespaces", "namespaces": ["shop", "bank"]}}},
    "pull secrets of one name": {"registries": {"secrets": {"mode": "names", "names": ["regcred"]}}},
    "no pull secrets": {"registries": {"secrets": {"mode": "none"}}},
    "registries of its own, a proxy and an authority": {
        "registries": {"plainHttp": ["reg.internal:5000"], "allowAddresses": ["127.0.0.0/8", "fd00::/8"],
                       "refusePrivateAddresses": True, "caBundle": {"configMap": "ca"}},
        "proxy": {"https": "http://proxy.example:3128", "http": "http://proxy.example:3128", "noProxy": "10.0.0.0/8"}},
    "mirrors of two registries and of all others": {"registries": {"hosts": {
        "docker.io": '[host."https://mirror.example"]\n  capabilities = ["pull", "resolve"]\n',
        "reg.internal:5000": 'server = "http://reg.internal:5000"\n', "_default": '[host."https://cache.example"]\n'}}},
    "logins at every cloud": {"registries": {"cloudCredentials": ["ecr", "gar", "acr"], "cloudInstanceMetadata": True}},
    "cert-manager with an authority of its own": {"certificates": {"source": "certManager"}},
    "cert-manager with another's issuer": {
        "certificates": {"source": "certManager", "certManager": {
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "corp"}}}},
    "certificates that somebody else keeps, armed by hand": {
        "certificates": {"source": "secrets"}, "webhook": {"arm": False}},
    "a webhook that gives way": {"webhook": {"failurePolicy": "Ignore", "whenDown": "Disarm", "whenDownAfter": "2m",
                                             "workloads": False, "excludedNamespaces": ["kube-system", "calico-system"]}},
    "pods that are held": {"admission": {"hold": True}},
    "pods that are held, under another name and armed by hand": {
        "admission": {"hold": True}, "fullnameOverride": "gate", "webhook": {"arm": False}},
    "rules for Falco, in its namespace": {"controller": {"falco": {"enabled": True, "namespace": "falco"}}},
    "reports of both kinds": {"controller": {"policyReports": "both"}},
    "owners that are nudged": {"admission": {"nudge": True}},
    "digests that are pinned": {"admission": {"pinDigests": True}},
    "image reviews": {"admission": {"imageReview": {"enabled": True, "clientCA": {"secret": "apiserver-ca"}}},
                      "networkPolicy": {"apiServer": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}},
    "a webhook on the host's network": {"webhook": {"hostNetwork": True, "port": 10250}, "namespace": {"create": True}},
    "further names in certificates": {"certificates": {"extraNames": ["webhook=10.0.0.7", "gate.example"]}},
    "everything to watch it by": {"metrics": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}, "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True}}},
    "scanners that scale": {"scanner": {"autoscaling": {"enabled": True, "maxReplicas": 20}, "layerCacheBytes": 0}},
    "a clamd beside the scanners": {"scanner": {"clamd": {"address": "clamav.security.svc:3310", "timeout": "30s"}}},
    "roles placed and changed": {"webhook": PLACED, "controller": PLACED, "scanner": {**PLACED, "priorityClassName": "low"}},
    "no network policies, budgets and aggregated roles": {
        "networkPolicy": {"enabled": False}, "rbac": {"aggregate": False},
        **{role: {"podDisruptionBudget": {"enabled": False}} for role in ("webhook", "controller", "scanner")}},
    "network policies that know the API server": {
        "networkPolicy": {"apiServer": [{"ipBlock": {"cidr": "10.0.0.1/32"}}], "health": [{"namespaceSelector": {}}]}},
}
