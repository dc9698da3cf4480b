{{- define "ferry.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ferry.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "ferry.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ferry.selector" -}}
app.kubernetes.io/name: {{ include "ferry.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ferry.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "ferry.selector" . }}
app.kubernetes.io/version: {{ include "ferry.tag" . | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ferry.tag" -}}
{{- default .Chart.AppVersion .Values.image.tag -}}
{{- end -}}

{{- define "ferry.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ include "ferry.tag" . }}
{{- end -}}
{{- end -}}

{{- define "ferry.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ferry.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* The build ID of the workers: one for each image. */ -}}
{{- define "ferry.buildId" -}}
{{- if .Values.image.digest -}}
{{- printf "%s-%s" (include "ferry.tag" .) (.Values.image.digest | trimPrefix "sha256:" | trunc 12) -}}
{{- else -}}
{{- include "ferry.tag" . -}}
{{- end -}}
{{- end -}}

{{- define "ferry.deployment" -}}
{{- default (include "ferry.fullname" .) .Values.worker.versioning.deployment -}}
{{- end -}}

{{- define "ferry.workerName" -}}
{{- if .Values.worker.versioning.enabled -}}
{{- printf "%s-worker-%s" (include "ferry.fullname" .) (include "ferry.buildId" . | sha256sum | trunc 8) -}}
{{- else -}}
{{- printf "%s-worker" (include "ferry.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "ferry.versioningEnv" -}}
{{- if .Values.worker.versioning.enabled }}
- name: FERRY_DEPLOYMENT
  value: {{ include "ferry.deployment" . | quote }}
- name: FERRY_BUILD_ID
  value: {{ include "ferry.buildId" . | quote }}
{{- end }}
{{- end -}}

{{- define "ferry.secretEnv" -}}
{{- range $name, $from := . }}
- name: {{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $from.name | quote }}, key: {{ $from.key | quote }} } }
{{- end }}
{{- end -}}

{{- define "ferry.plainEnv" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{- /* What every process needs: Temporal and the database. */ -}}
{{- define "ferry.baseEnv" -}}
- name: FERRY_DATA_DIR
  value: /data
- name: TEMPORAL_ADDRESS
  value: {{ .Values.temporal.address | quote }}
- name: TEMPORAL_NAMESPACE
  value: {{ .Values.temporal.namespace | quote }}
{{- with .Values.temporal.apiKeySecret }}
{{- if .name }}
{{- include "ferry.secretEnv" (dict "TEMPORAL_API_KEY" .) }}
{{- end }}
{{- end }}
{{- if .Values.temporal.tlsSecret }}
- name: TEMPORAL_TLS_CLIENT_CERT_PATH
  value: /etc/image-ferry/temporal-tls/tls.crt
- name: TEMPORAL_TLS_CLIENT_KEY_PATH
  value: /etc/image-ferry/temporal-tls/tls.key
{{- if .Values.temporal.tlsHasCa }}
- name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
  value: /etc/image-ferry/temporal-tls/ca.crt
{{- end }}
{{- end }}
- name: MYSQL_HOST
  value: {{ .Values.mysql.host | quote }}
- name: MYSQL_PORT
  value: {{ .Values.mysql.port | quote }}
- name: MYSQL_DB
  value: {{ .Values.mysql.database | quote }}
- name: MYSQL_USER
  value: {{ .Values.mysql.user | quote }}
{{- include "ferry.secretEnv" (dict "MYSQL_PASSWORD" .Values.mysql.passwordSecret) }}
{{- if .Values.mysql.ssl }}
- name: MYSQL_SSL
  value: {{ .Values.mysql.ssl | quote }}
{{- end }}
{{- if .Values.mysql.caSecret.name }}
- name: MYSQL_SSL_CA_FILE
  value: /etc/image-ferry/mysql-ca/ca.pem
{{- end }}
{{- end -}}

{{- define "ferry.configEnv" -}}
{{- if .Values.config }}
- name: FERRY_CONFIG
  value: /etc/image-ferry/config/ferry.yaml
{{- end }}
{{- if .Values.dockerConfigSecret }}
- name: DOCKER_CONFIG
  value: /etc/image-ferry/docker
{{- end }}
{{- end -}}

{{- define "ferry.baseMounts" -}}
- { name: data, mountPath: /data }
- { name: tmp, mountPath: /tmp }
{{- if .Values.temporal.tlsSecret }}
- { name: temporal-tls, mountPath: /etc/image-ferry/temporal-tls, readOnly: true }
{{- end }}
{{- if .Values.mysql.caSecret.name }}
- { name: mysql-ca, mountPath: /etc/image-ferry/mysql-ca, readOnly: true }
{{- end }}
{{- end -}}

{{- define "ferry.configMounts" -}}
{{- if .Values.config }}
- { name: config, mountPath: /etc/image-ferry/config, readOnly: true }
{{- end }}
{{- if .Values.dockerConfigSecret }}
- { name: docker-config, mountPath: /etc/image-ferry/docker, readOnly: true }
{{- end }}
{{- end -}}

{{- define "ferry.baseVolumes" -}}
- { name: data, emptyDir: { sizeLimit: 100Mi } }
- { name: tmp, emptyDir: { sizeLimit: {{ .Values.worker.temporaryStorage | quote }} } }
{{- if .Values.temporal.tlsSecret }}
- { name: temporal-tls, secret: { secretName: {{ .Values.temporal.tlsSecret | quote }} } }
{{- end }}
{{- with .Values.mysql.caSecret }}
{{- if .name }}
- name: mysql-ca
  secret: { secretName: {{ .name | quote }}, items: [{ key: {{ .key | quote }}, path: ca.pem }] }
{{- end }}
{{- end }}
{{- end -}}

{{- define "ferry.configVolumes" -}}
{{- if .Values.config }}
- { name: config, configMap: { name: {{ include "ferry.fullname" . }}-config } }
{{- end }}
{{- if .Values.dockerConfigSecret }}
- name: docker-config
  secret: { secretName: {{ .Values.dockerConfigSecret | quote }}, items: [{ key: .dockerconfigjson, path: config.json }] }
{{- end }}
{{- end -}}

{{- define "ferry.podDefaults" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "ferry.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
