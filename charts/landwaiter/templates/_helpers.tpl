{{- define "landwaiter.fullname" -}}
{{ .Values.fullnameOverride | default .Chart.Name }}
{{- end }}

{{- define "landwaiter.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Labels of an object: {root, component}; component may be left out. */}}
{{- define "landwaiter.labels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "landwaiter.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "landwaiter.openshift" -}}
{{- $set := .Values.openshift.enabled | toString }}
{{- if or (eq $set "true") (and (eq $set "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) }}true{{ end }}
{{- end }}

{{- /* Pod Security "restricted". No runAsUser: the image's own user is numeric, and OpenShift gives its own. */}}
{{- define "landwaiter.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "landwaiter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- /* image, pull policy and security of every container of ours */}}
{{- define "landwaiter.container" -}}
image: {{ include "landwaiter.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "landwaiter.containerSecurity" . | nindent 2 }}
{{- end }}

{{- /* Where pods run: {root, component, role: the role's values, revision: the controller's label} */}}
{{- define "landwaiter.placement" -}}
{{- with .role.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .role.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .role.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .role.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .role.topologySpread }}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "landwaiter.selector" $ | nindent 6 }}
  matchLabelKeys: [{{ $.revision }}]
{{- end }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Of pods that end: a mesh's sidecar would keep them from ending. Istio has the label, and had the
annotation. */}}
{{- define "landwaiter.meshLabels" -}}
sidecar.istio.io/inject: "false"
{{- end }}

{{- define "landwaiter.meshAnnotations" -}}
sidecar.istio.io/inject: "false"
linkerd.io/inject: disabled
{{- end }}

{{- /* No version in them: a chart that changed elsewhere restarts nothing. */}}
{{- define "landwaiter.podLabels" -}}
{{ include "landwaiter.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- with .role.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "landwaiter.probes" -}}
# Liveness never asks for the API server or the registry: their outage must not restart what still answers.
livenessProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 5
  timeoutSeconds: 5
startupProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 2
  failureThreshold: 60
{{- end }}

{{- /* Flags of registries that controller and scanner share. */}}
{{- define "landwaiter.registryArgs" -}}
{{- with .Values.registries }}
{{- range .plainHttp }}
- --plain-http={{ . }}
{{- end }}
{{- range .allowAddresses }}
- --allow-address={{ . }}
{{- end }}
{{- if .refusePrivateAddresses }}
- --refuse-private-addresses
{{- end }}
{{- if .caBundle.configMap }}
- --registry-ca=/etc/landwaiter/ca/{{ .caBundle.key }}
{{- end }}
{{- if .hosts }}
- --registry-hosts=/etc/landwaiter/hosts
{{- end }}
{{- end }}
{{- end }}

{{- define "landwaiter.logArgs" -}}
- --log-level={{ .Values.logLevel }}
- --log-format={{ .Values.logFormat }}
{{- end }}

{{- define "landwaiter.proxyEnv" -}}
{{- with .Values.proxy }}
{{- if or .http .https }}
{{- with .http }}
- {name: http_proxy, value: {{ . | quote }}}
{{- end }}
{{- with .https }}
- {name: https_proxy, value: {{ . | quote }}}
{{- end }}
- name: no_proxy
  value: {{ prepend (ternary (list) (list .noProxy) (empty .noProxy)) "$(KUBERNETES_SERVICE_HOST),.svc,.cluster.local" | join "," | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "landwaiter.caBundleMount" -}}
{{- if .Values.registries.caBundle.configMap }}
- {name: ca, mountPath: /etc/landwaiter/ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "landwaiter.hostsMount" -}}
{{- if .Values.registries.hosts }}
- {name: hosts, mountPath: /etc/landwaiter/hosts, readOnly: true}
{{- end }}
{{- end }}

{{- /* The folder of a registry with a port, in the form that may be a ConfigMap's key. */}}
{{- define "landwaiter.hostsFolder" -}}
{{- regexReplaceAll ":([0-9]+)$" . "_${1}_" }}
{{- end }}

{{- define "landwaiter.hostsVolume" -}}
{{- if .Values.registries.hosts }}
- name: hosts
  configMap:
    name: {{ include "landwaiter.fullname" . }}-registry-hosts
    items:
    {{- range $registry, $file := .Values.registries.hosts }}
    {{- $folder := include "landwaiter.hostsFolder" $registry }}
    - {key: {{ $folder }}, path: {{ $folder }}/hosts.toml}
    {{- end }}
{{- end }}
{{- end }}

{{- define "landwaiter.caBundleVolume" -}}
{{- with .Values.registries.caBundle }}
{{- if .configMap }}
- name: ca
  configMap: {name: {{ .configMap }}}
{{- end }}
{{- end }}
{{- end }}

{{- /* The keys are named: a pod waits until they are there, and does not start with an empty folder. */}}
{{- define "landwaiter.certificatesVolume" -}}
- name: certificates
  secret:
    secretName: {{ include "landwaiter.fullname" .root }}-{{ .component }}-tls
    items: [{key: ca.crt, path: ca.crt}, {key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
{{- end }}

{{- /* true where the controller makes the certificates */}}
{{- define "landwaiter.managesCertificates" -}}
{{- if eq .Values.certificates.source "controller" }}true{{ end }}
{{- end }}

{{- /* The address of a role's Service: {root, component} */}}
{{- define "landwaiter.host" -}}
{{ include "landwaiter.fullname" .root }}-{{ .component }}.{{ .root.Release.Namespace }}.svc
{{- end }}

{{- /* What --notifications names: URLs and keys are files of Secrets beside it. */}}
{{- define "landwaiter.notifications" -}}
{{- $subscriptions := list }}
{{- range .Values.notifications.subscriptions }}
{{- $one := omit . "url" "hmac" }}
{{- $_ := set $one "urlFile" (printf "/etc/landwaiter/notifications/%s/url" .name) }}
{{- if .hmac }}{{ $_ := set $one "hmacKeyFile" (printf "/etc/landwaiter/notifications/%s/hmac" .name) }}{{ end }}
{{- $subscriptions = append $subscriptions $one }}
{{- end }}
{{- dict "source" (default (printf "%s.%s" .Release.Name .Release.Namespace) .Values.notifications.source) "subscriptions" $subscriptions | toPrettyJson }}
{{- end }}
