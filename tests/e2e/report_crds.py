"""The kinds of policy reports as clusters have them, with the fields that are written here: PolicyReport of
wgpolicyk8s.io/v1alpha2 as kubernetes-sigs/wg-policy-prototypes published it first, whose severities are three, and Report
of openreports.io/v1alpha1. An unknown field would be dropped without a word: schemas here are closed by the tests, which
read what was written."""

_OUTCOMES = ["pass", "fail", "warn", "error", "skip"]
_REFERENCE = {"type": "object", "properties": {k: {"type": "string"} for k in (
    "apiVersion", "kind", "namespace", "name", "uid", "fieldPath", "resourceVersion")}}


def _result(severities):
    return {"type": "object", "required": ["policy"], "properties": {
        **{k: {"type": "string"} for k in ("source", "policy", "rule", "category", "message")},
        "severity": {"type": "string", "enum": severities}, "result": {"type": "string", "enum": _OUTCOMES},
        "scored": {"type": "boolean"}, "resources": {"type": "array", "items": _REFERENCE},
        "properties": {"type": "object", "additionalProperties": {"type": "string"}},
        "timestamp": {"type": "object", "required": ["nanos", "seconds"], "properties": {
            "nanos": {"type": "integer", "format": "int32"}, "seconds": {"type": "integer", "format": "int64"}}}}}


def _crd(group, version, kind, plural, severities, **more):
    schema = {"type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "scope": _REFERENCE,
        "summary": {"type": "object", "properties": {o: {"type": "integer"} for o in _OUTCOMES}},
        "results": {"type": "array", "items": _result(severities)}, **more}}
    columns = [{"name": o.capitalize(), "type": "integer", "jsonPath": f".summary.{o}"} for o in _OUTCOMES]
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"}, "spec": {
        "group": group, "scope": "Namespaced", "names": {"kind": kind, "listKind": kind + "List", "plural": plural, "singular": kind.lower()},
        "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
                      "additionalPrinterColumns": columns}]}}


WGPOLICY = _crd("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports", ["high", "low", "medium"])
OPENREPORTS = _crd("openreports.io", "v1alpha1", "Report", "reports", ["critical", "high", "low", "medium", "info"], source={"type": "string"})
