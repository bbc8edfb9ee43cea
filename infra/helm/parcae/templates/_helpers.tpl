{{- define "parcae.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "parcae.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "parcae.labels" -}}
{{ include "parcae.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "parcae.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (printf "%s-worker" (include "parcae.name" .)) }}
{{- end }}

{{- define "parcae.redisSecret" -}}
{{- .Values.redis.existingSecret | default (printf "%s-redis" (include "parcae.name" .)) }}
{{- end }}

{{- define "parcae.apiSecret" -}}
{{- .Values.api.existingSecret | default (printf "%s-api" (include "parcae.name" .)) }}
{{- end }}

{{- define "parcae.serviceSecret" -}}
{{- .Values.serviceSecret.existingSecret | default (printf "%s-service" (include "parcae.name" .)) }}
{{- end }}

{{/* Empty: no TLS between silos. */}}
{{- define "parcae.tlsSecret" -}}
{{- if .Values.tls.enabled }}
{{- if .Values.tls.secretName }}{{ .Values.tls.secretName }}{{ else if .Values.tls.certManager.enabled }}{{ printf "%s-tls" (include "parcae.name" .) }}{{ else }}{{ fail "tls.secretName must name a secret with tls.crt, tls.key and ca.crt where tls.enabled is true, or tls.certManager.enabled must be true" }}{{ end }}
{{- end }}
{{- end }}

{{- define "parcae.redisAddress" -}}
{{- if .Values.redis.enabled }}{{ include "parcae.name" . }}-redis:6379{{ else }}{{ required "redis.external must be the address of a Redis where redis.enabled is false, such as redis.example:6380,ssl=true" .Values.redis.external }}{{ end }}
{{- end }}

{{/* Environment of every silo. */}}
{{- define "parcae.environment" -}}
- name: PARCAE_INSTANCE_ID
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: PARCAE_HOST
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
- name: PARCAE_REDIS
  value: {{ include "parcae.redisAddress" . | quote }}
- name: PARCAE_REDIS_PASSWORD_FILE
  value: /run/secrets/redis/password
{{- if .Values.redis.tls.ca }}
- name: PARCAE_REDIS_CA
  value: /run/secrets/redis/{{ .Values.redis.tls.ca }}
{{- end }}
{{- if .Values.redis.tls.certificate }}
- name: PARCAE_REDIS_CERTIFICATE
  value: /run/secrets/redis/{{ .Values.redis.tls.certificate }}
- name: PARCAE_REDIS_KEY
  value: /run/secrets/redis/{{ required "redis.tls.key must name the key of redis.tls.certificate" .Values.redis.tls.key }}
{{- end }}
- name: PARCAE_CLUSTER_ID
  value: {{ .Values.clusterId | quote }}
- name: PARCAE_SERVICE_ID
  value: {{ .Values.serviceId | quote }}
- name: PARCAE_HTTP_HOST
  value: 0.0.0.0
- name: PARCAE_HTTP_PORT
  value: {{ .Values.ports.http | quote }}
- name: PARCAE_SILO_PORT
  value: {{ .Values.ports.silo | quote }}
- name: PARCAE_DATA_PORT
  value: {{ .Values.ports.data | quote }}
- name: PARCAE_SECRET_FILE
  value: /etc/parcae/service/secret
{{- if include "parcae.tlsSecret" . }}
- name: PARCAE_TLS_CERTIFICATE
  value: /etc/parcae/tls/tls.crt
- name: PARCAE_TLS_KEY
  value: /etc/parcae/tls/tls.key
- name: PARCAE_TLS_AUTHORITY
  value: /etc/parcae/tls/ca.crt
{{- end }}
{{- if .Values.httpTls.secretName }}
- name: PARCAE_HTTP_CERTIFICATE
  value: /etc/parcae/http/tls.crt
- name: PARCAE_HTTP_KEY
  value: /etc/parcae/http/tls.key
{{- end }}
{{- if .Values.telemetry.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.telemetry.otlpEndpoint | quote }}
{{- end }}
{{- end }}

{{/* A map of settings as variables: interval becomes PARCAE_INTERVAL. */}}
{{- define "parcae.settings" -}}
{{- range $option, $value := . }}
- name: PARCAE_{{ $option | replace "-" "_" | upper }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{/* What every silo has of the service's secret and of certificates. A folder each: files of a secret that changes are replaced in it. */}}
{{- define "parcae.identityMounts" -}}
- { name: service, mountPath: /etc/parcae/service, readOnly: true }
{{- if include "parcae.tlsSecret" . }}
- { name: tls, mountPath: /etc/parcae/tls, readOnly: true }
{{- end }}
{{- if .Values.httpTls.secretName }}
- { name: http-tls, mountPath: /etc/parcae/http, readOnly: true }
{{- end }}
{{- end }}

{{- define "parcae.identityVolumes" -}}
- name: service
  secret: { secretName: {{ include "parcae.serviceSecret" . }}, defaultMode: 0440 }
{{- with include "parcae.tlsSecret" . }}
- name: tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- with .Values.httpTls.secretName }}
- name: http-tls
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- end }}

{{/* Kubernetes does not ask whose certificate it is. */}}
{{- define "parcae.probes" -}}
{{- $scheme := ternary "HTTPS" "HTTP" (ne .Values.httpTls.secretName "") -}}
startupProbe:
  httpGet: { path: /health/startup, port: http, scheme: {{ $scheme }} }
  periodSeconds: 2
  failureThreshold: 90
readinessProbe:
  httpGet: { path: /health/ready, port: http, scheme: {{ $scheme }} }
  periodSeconds: 5
livenessProbe:
  httpGet: { path: /health/live, port: http, scheme: {{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 8
{{- end }}

{{- define "parcae.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "parcae.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
