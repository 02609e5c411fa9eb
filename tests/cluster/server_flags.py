"""The flags of a Cluster's servers."""

import json

ISSUER = "https://kubernetes.default.svc"

# Who asked for what, and the annotations that admission webhooks leave: tests count and read them.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "verbs": ["create", "update", "patch", "delete"],
         "resources": [{"group": "landwaiter.io"}, {"group": "", "resources": ["pods", "pods/*", "secrets", "events"]},
                       {"group": "coordination.k8s.io"}, {"group": "apps"}, {"group": "batch"},
                       {"group": "admissionregistration.k8s.io"}]},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts:landwaiter"]},
        {"level": "None"},
    ],
}


def etcd(folder, port):
    client = f"http://127.0.0.1:{port}"
    # No fsync: the data need to survive a killed process, not a power cut.
    return ("--data-dir", folder, "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", "http://127.0.0.1:0", "--log-level", "warn", "--unsafe-no-fsync")


def apiserver(cluster, audit_policy):
    with open(cluster.path("audit-policy.json"), "w", encoding="utf-8") as f:
        json.dump(audit_policy, f)
    # A loopback address may not be advertised; without an endpoint reconciler none is.
    return (f"--etcd-servers=http://127.0.0.1:{cluster.etcd_port}", "--bind-address=127.0.0.1",
            f"--secure-port={cluster.port}", "--endpoint-reconciler-type=none", f"--cert-dir={cluster.workdir}",
            f"--tls-cert-file={cluster.path('apiserver.crt')}",
            f"--tls-private-key-file={cluster.path('apiserver.key')}",
            f"--client-ca-file={cluster.authority.certificate}",
            f"--service-account-key-file={cluster.path('sa.key')}",
            f"--service-account-signing-key-file={cluster.path('sa.key')}",
            f"--service-account-issuer={ISSUER}", "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged", "--profiling=false",
            f"--audit-policy-file={cluster.path('audit-policy.json')}", f"--audit-log-path={cluster.audit_log}")


def controller_manager(cluster, port):
    # With the default client rate the first service account comes six seconds later.
    return (f"--kubeconfig={cluster.path('controller-manager.kubeconfig')}", "--bind-address=127.0.0.1",
            f"--secure-port={port}", f"--cert-dir={cluster.path('controller-manager')}", "--leader-elect=false",
            f"--service-account-private-key-file={cluster.path('sa.key')}",
            f"--root-ca-file={cluster.authority.certificate}", "--use-service-account-credentials=true",
            "--kube-api-qps=500", "--kube-api-burst=1000")


def scheduler(cluster, port):
    return (f"--kubeconfig={cluster.path('scheduler.kubeconfig')}", "--bind-address=127.0.0.1",
            f"--secure-port={port}", f"--cert-dir={cluster.path('scheduler')}", "--leader-elect=false")


def kwok(cluster, port, stages):
    # Without leases kept alive by kwok the node controller calls the nodes lost after 50 s.
    return (f"--kubeconfig={cluster.kubeconfig}", "--manage-all-nodes=true", "--cidr=10.1.0.0/16",
            "--node-ip=10.2.0.1", f"--server-address=127.0.0.1:{port}", "--node-lease-duration-seconds=40",
            f"--config={stages}")
