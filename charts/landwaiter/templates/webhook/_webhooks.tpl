{{- /* The ValidatingWebhookConfiguration as it is when it is armed, without caBundle: what the controller
is given as a file. DELETE and CONNECT are never asked about: a pod that runs stays deletable. */}}
{{- define "landwaiter.webhookConfiguration" -}}
{{- $fullname := include "landwaiter.fullname" . -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: {{ $fullname }}
  labels: {app.kubernetes.io/name: landwaiter, app.kubernetes.io/component: webhook}
  annotations:
    {{- include "landwaiter.unenforced" . | nindent 4 }}
webhooks:
- name: pods.landwaiter.io
  failurePolicy: {{ .Values.webhook.failurePolicy }}
  timeoutSeconds: {{ .Values.webhook.timeoutSeconds }}
  {{- include "landwaiter.webhookCommon" . | nindent 2 }}
  rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [pods, pods/ephemeralcontainers]
    scope: Namespaced
{{- if .Values.webhook.workloads }}
- name: workloads.landwaiter.io
  # Workload objects are only warned about: when nobody answers, their pods are still judged.
  failurePolicy: Ignore
  # They wait for no scan, and a webhook that is ignored holds a request up all the same while it is away.
  timeoutSeconds: {{ min 3 .Values.webhook.timeoutSeconds }}
  {{- include "landwaiter.webhookCommon" . | nindent 2 }}
  rules:
  - apiGroups: [apps]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [deployments, replicasets, statefulsets, daemonsets]
    scope: Namespaced
  - apiGroups: [batch]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [jobs, cronjobs]
    scope: Namespaced
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [replicationcontrollers]
    scope: Namespaced
{{- end }}
{{- end }}

{{- /* AKS adds to the selectors of webhooks what it thinks must be left out, and the controller would take it
away, again and again. What must be left out is named here already. */}}
{{- define "landwaiter.unenforced" -}}
admissions.enforcer/disabled: "true"
{{- end }}

{{- define "landwaiter.webhookCommon" -}}
admissionReviewVersions: [v1]
sideEffects: NoneOnDryRun
matchPolicy: Equivalent
clientConfig:
  service: {name: {{ include "landwaiter.fullname" . }}-webhook, namespace: {{ .Release.Namespace }}, path: /validate, port: 443}
# By the label that the API server itself sets, never by one that a tenant may set.
namespaceSelector:
  matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ append .Values.webhook.excludedNamespaces .Release.Namespace | uniq | toJson }}
{{- end }}
