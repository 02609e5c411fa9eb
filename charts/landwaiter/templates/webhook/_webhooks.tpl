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

{{- /* The MutatingWebhookConfiguration, in the same way; nothing where no value asks for one. */}}
{{- define "landwaiter.mutatingConfiguration" -}}
{{- if include "landwaiter.mutates" . -}}
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: {{ include "landwaiter.fullname" . }}
  labels: {app.kubernetes.io/name: landwaiter, app.kubernetes.io/component: webhook}
  annotations:
    {{- include "landwaiter.unenforced" . | nindent 4 }}
webhooks:
- name: mutate.landwaiter.io
  # What it does not change is judged as it is: by the other webhook, which denies what cannot wait.
  failurePolicy: Ignore
  # Containers that another webhook adds later are seen, too.
  reinvocationPolicy: IfNeeded
  # Less than the other's: a pod waits for both of them.
  timeoutSeconds: {{ min 5 .Values.webhook.timeoutSeconds }}
  {{- include "landwaiter.webhookCommon" (merge (dict "path" "/mutate") .) | nindent 2 }}
  rules:
  - apiGroups: [""]
    apiVersions: [v1]
    {{- if .Values.admission.pinDigests }}
    operations: [CREATE, UPDATE]
    resources: [pods, pods/ephemeralcontainers]
    {{- else }}
    operations: [CREATE]
    resources: [pods]
    {{- end }}
    scope: Namespaced
{{- end }}
{{- end }}

{{- /* true where pods are changed */}}
{{- define "landwaiter.mutates" -}}
{{- if or .Values.admission.hold .Values.admission.pinDigests }}true{{ end }}
{{- end }}

{{- define "landwaiter.webhookCommon" -}}
admissionReviewVersions: [v1]
sideEffects: NoneOnDryRun
matchPolicy: Equivalent
clientConfig:
  service: {name: {{ include "landwaiter.fullname" . }}-webhook, namespace: {{ .Release.Namespace }}, path: {{ .path | default "/validate" }}, port: 443}
# By the label that the API server itself sets, never by one that a tenant may set.
namespaceSelector:
  matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ append .Values.webhook.excludedNamespaces .Release.Namespace | uniq | toJson }}
{{- end }}
