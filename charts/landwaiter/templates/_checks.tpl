{{- /* What the schema cannot say in words that a person understands: values that need each other. */}}
{{- define "landwaiter.checks" -}}
{{- with .Values.database }}
{{- if and (eq .source "oci") (not .oci.reference) }}
{{- fail "database.source is oci: set database.oci.reference, as oci://registry.example/team/landwaiter-db:1" }}
{{- end }}
{{- if and (eq .source "volume") (not .volume) }}
{{- fail "database.source is volume: set database.volume, as {persistentVolumeClaim: {claimName: landwaiter-db}}" }}
{{- end }}
{{- with .oci.verifyKeys }}
{{- if and .keys (not .configMap) (not .secret) }}
{{- fail "database.oci.verifyKeys.keys are keys of a ConfigMap or Secret: set database.oci.verifyKeys.configMap or .secret" }}
{{- end }}
{{- if and (or .configMap .secret) (not .keys) }}
{{- fail "database.oci.verifyKeys names a ConfigMap or Secret: set .keys, or nothing would be verified" }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.registries }}
{{- if and .cloudInstanceMetadata (not (has "ecr" .cloudCredentials)) }}
{{- fail "registries.cloudInstanceMetadata is about ecr: add it to registries.cloudCredentials" }}
{{- end }}
{{- end }}
{{- if and .Values.notifications.subscriptions (not .Values.store.postgresql.existingSecret) }}
{{- if or (gt (int .Values.controller.replicas) 1) (not .Values.store.persistence.enabled) }}
{{- fail "notifications.subscriptions: messages wait in the store until they have arrived, so that none is lost: set store.postgresql.existingSecret, or controller.replicas to 1 with store.persistence.enabled" }}
{{- end }}
{{- end }}
{{- with .Values.registries.secrets }}
{{- if and (eq .mode "namespaces") (not .namespaces) }}
{{- fail "registries.secrets.mode is namespaces: list them in registries.secrets.namespaces" }}
{{- end }}
{{- if and (eq .mode "names") (not .names) }}
{{- fail "registries.secrets.mode is names: list them in registries.secrets.names" }}
{{- end }}
{{- end }}
{{- with .Values.scanner.autoscaling }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail "scanner.autoscaling: minReplicas is above maxReplicas" }}
{{- end }}
{{- end }}
{{- with .Values.admission.imageReview }}
{{- if and .enabled (not .clientCA.secret) }}
{{- fail "admission.imageReview is enabled: set admission.imageReview.clientCA.secret, a Secret with the ca.crt of the API server's client certificate" }}
{{- end }}
{{- end }}
{{- $accounts := list .Values.webhook.serviceAccount.name .Values.controller.serviceAccount.name .Values.scanner.serviceAccount.name }}
{{- if ne (len (uniq $accounts)) 3 }}
{{- fail "serviceAccount.name: each role needs one of its own, or the scanner would have the controller's rights" }}
{{- end }}
{{- end }}
