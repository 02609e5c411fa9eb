{{- /* The ValidatingWebhookConfiguration as it is when it is armed, without caBundle: what the controller
is given as a file. DELETE and CONNECT are never asked about: a pod that runs stays deletable. */}}
{{- define "landwaiter.webhookConfiguration" -}}
{{- $fullname := include "landwaiter.fullname" . -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: {{ $fullname }}
  labels: {app.kubernetes.io/name: landwaiter, app.kubernetes.io/component: webhook}
webhooks:
- name: pods.landwaiter.io
  failurePolicy: {{ .Values.webhook.failurePolicy }}
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

{{- define "landwaiter.webhookCommon" -}}
admissionReviewVersions: [v1]
sideEffects: NoneOnDryRun
matchPolicy: Equivalent
timeoutSeconds: {{ .Values.webhook.timeoutSeconds }}
clientConfig:
  service: {name: {{ include "landwaiter.fullname" . }}-webhook, namespace: {{ .Release.Namespace }}, path: /validate, port: 443}
# By the label that the API server itself sets, never by one that a tenant may set.
namespaceSelector:
  matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ append .Values.webhook.excludedNamespaces .Release.Namespace | uniq | toJson }}
{{- end }}
