{{- define "landwaiter.databaseFolder" -}}
{{ ternary "/etc/landwaiter/database" "/var/lib/landwaiter/database" (eq .Values.database.source "volume") }}
{{- end }}

{{- /* Keeps the database fresh beside the controller, which sees a new one by its manifest. The old one
serves until then, and while no new one can be had. */}}
{{- define "landwaiter.databaseSidecar" -}}
{{- $keys := .Values.database.oci.verifyKeys }}
- name: database
  restartPolicy: Always
  {{- include "landwaiter.container" . | nindent 2 }}
  args:
  - db
  {{- if eq .Values.database.source "oci" }}
  - pull
  - {{ .Values.database.oci.reference }}
  {{- range $keys.keys }}
  - --verify-key=/etc/landwaiter/keys/{{ . }}
  {{- end }}
  {{- if .Values.database.oci.plainHttp }}
  - --plain-http={{ (urlParse .Values.database.oci.reference).host }}
  {{- end }}
  {{- else }}
  - update
  {{- range .Values.database.update.feeds }}
  - --feed={{ . }}
  {{- end }}
  {{- range .Values.database.update.ecosystems }}
  - --ecosystem={{ . }}
  {{- end }}
  {{- with .Values.database.update.mirror }}
  - --mirror={{ . }}
  {{- end }}
  {{- end }}
  - --db={{ include "landwaiter.databaseFolder" . }}
  - --every={{ .Values.database.every }}
  {{- with .Values.registries.caBundle }}
  {{- if .configMap }}
  - --cacert=/etc/landwaiter/ca/{{ .key }}
  {{- end }}
  {{- end }}
  env:
  - {name: TMPDIR, value: /tmp}
  {{- if .Values.database.oci.pullSecret }}
  - {name: DOCKER_CONFIG, value: /etc/landwaiter/docker}
  {{- end }}
  {{- include "landwaiter.proxyEnv" . | nindent 2 }}
  resources:
    {{- toYaml .Values.database.resources | nindent 4 }}
  volumeMounts:
  - {name: data, mountPath: /var/lib/landwaiter}
  - {name: tmp, mountPath: /tmp}
  {{- if $keys.keys }}
  - {name: keys, mountPath: /etc/landwaiter/keys, readOnly: true}
  {{- end }}
  {{- if .Values.database.oci.pullSecret }}
  - {name: docker, mountPath: /etc/landwaiter/docker, readOnly: true}
  {{- end }}
  {{- include "landwaiter.caBundleMount" . | nindent 2 }}
{{- end }}

{{- define "landwaiter.databaseVolumes" -}}
{{- $oci := .Values.database.oci }}
{{- if eq .Values.database.source "volume" }}
- name: database
  {{- toYaml .Values.database.volume | nindent 2 }}
{{- end }}
{{- if eq .Values.database.source "oci" }}
{{- if $oci.verifyKeys.keys }}
- name: keys
  {{- if $oci.verifyKeys.secret }}
  secret: {secretName: {{ $oci.verifyKeys.secret }}}
  {{- else }}
  configMap: {name: {{ $oci.verifyKeys.configMap }}}
  {{- end }}
{{- end }}
{{- with $oci.pullSecret }}
- name: docker
  secret:
    secretName: {{ . }}
    items: [{key: .dockerconfigjson, path: config.json}]
{{- end }}
{{- end }}
{{- end }}
