"""CRDs of others whose kinds the chart can make, reduced to the fields that are asked of them: strict
validation refuses whatever is not named here. After cert-manager's and Prometheus Operator's API
references (cert-manager.io/v1, monitoring.coreos.com/v1)."""


def _crd(group, version, kind, plural, spec):
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                     "versions": [{"name": version, "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}}


def _object(required=(), **properties):
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _list(items):
    return {"type": "array", "items": items}


TEXT, TRUTH, NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "integer"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
DURATION = {"type": "string", "pattern": "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"}
ISSUER_REF = _object(["name"], group=TEXT, kind=TEXT, name=TEXT)
USAGE = {"type": "string", "enum": ["signing", "digital signature", "content commitment", "key encipherment", "key agreement",
                                    "data encipherment", "cert sign", "crl sign", "server auth", "client auth"]}

FOREIGN_CRDS = [
    _crd("cert-manager.io", "v1", "Issuer", "issuers",
         _object(selfSigned=_object(crlDistributionPoints=_list(TEXT)), ca=_object(["secretName"], secretName=TEXT))),
    _crd("cert-manager.io", "v1", "Certificate", "certificates",
         _object(["secretName", "issuerRef"], isCA=TRUTH, commonName=TEXT, dnsNames=_list(TEXT), usages=_list(USAGE),
                 secretName=TEXT, duration=TEXT, renewBefore=TEXT, issuerRef=ISSUER_REF,
                 privateKey=_object(algorithm={"type": "string", "enum": ["RSA", "ECDSA", "Ed25519"]}, size=NUMBER,
                                    rotationPolicy={"type": "string", "enum": ["Never", "Always"]}))),
    _crd("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors",
         _object(["selector", "endpoints"], selector=_object(matchLabels=TEXTS), namespaceSelector=_object(matchNames=_list(TEXT)),
                 endpoints=_list(_object(port=TEXT, path=TEXT, interval=DURATION)))),
    _crd("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules",
         _object(groups=_list(_object(["name"], name=TEXT, rules=_list(_object(
             ["expr"], alert=TEXT, expr=TEXT, **{"for": DURATION}, labels=TEXTS, annotations=TEXTS)))))),
]
