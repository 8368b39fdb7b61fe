{{/* What all objects of a part are labelled with. Argument: the root, and the part's name. */}}
{{- define "quartet.labels" -}}
{{ include "quartet.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "quartet.selector" -}}
app.kubernetes.io/name: quartet
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "quartet.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "quartet.natsUrl" -}}
{{- if .Values.nats.enabled -}}
nats://quartet-nats.{{ .Release.Namespace }}.svc:4222
{{- else -}}
{{ required "nats.url says where the bus is, for nats.enabled is false" .Values.nats.url }}
{{- end -}}
{{- end }}

{{/* Where Citadel answers. */}}
{{- define "quartet.citadel" -}}
istio-citadel.{{ .Release.Namespace }}.svc:8060
{{- end }}

{{/*
One service: ServiceAccount, Deployment, Service and, where it has replicas, PodDisruptionBudget.
Argument: root; name (of the Deployment and the Service); program (the folder in apps); account; values;
args (of its own, after the common ones); ports (a list of name, port, targetPort);
nats (its name on the bus); identity: whether it asks Citadel for a certificate; headless: of its Service.
*/}}
{{- define "quartet.service" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "quartet.labels" . | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
  selector:
    matchLabels: {{- include "quartet.selector" . | nindent 6 }}
  strategy:
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  template:
    metadata:
      labels:
        {{- include "quartet.labels" . | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ .account }}
      {{- include "quartet.podSettings" . | nindent 6 }}
      containers:
        - name: {{ .program }}
          image: {{ include "quartet.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          workingDir: /quartet
          command: [node, dist/apps/{{ .program }}/src/main.js]
          args:
            {{- range concat (include "quartet.commonArgs" . | fromYamlArray) .args .values.extraArgs }}
            - {{ . | quote }}
            {{- end }}
          ports:
            {{- range .ports }}
            - { name: {{ .name }}, containerPort: {{ .targetPort | default .port }} }
            {{- end }}
            - { name: http-monitoring, containerPort: 15014 }
          startupProbe:
            httpGet: { path: /healthz, port: 15014 }
            periodSeconds: 1
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /healthz, port: 15014 }
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: { path: /readyz, port: 15014 }
            periodSeconds: 2
          resources: {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: state, mountPath: /var/lib/quartet }
            - { name: nats, mountPath: /var/run/secrets/quartet/nats, readOnly: true }
            {{- if .identity }}
            - { name: token, mountPath: /var/run/secrets/tokens, readOnly: true }
            - { name: root, mountPath: /var/run/secrets/istio, readOnly: true }
            {{- end }}
      volumes:
        - name: state
          emptyDir: {}
        - name: nats
          secret: { secretName: quartet-nats-{{ .nats }}, defaultMode: 0440 }
        {{- if .identity }}
        - name: token
          projected:
            defaultMode: 0440
            sources:
              - serviceAccountToken: { path: istio-token, audience: istio-ca, expirationSeconds: 43200 }
        # Kept by Citadel in every namespace; the pod waits until it is there.
        - name: root
          configMap: { name: istio-ca-root-cert }
        {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "quartet.labels" . | nindent 4 }}
spec:
  {{- if .headless }}
  # Every proxy knows every replica, and spreads its calls over them.
  clusterIP: None
  {{- end }}
  selector: {{- include "quartet.selector" . | nindent 4 }}
  ports:
    {{- range .ports }}
    - { name: {{ .name }}, port: {{ .port }}, targetPort: {{ .targetPort | default .port }} }
    {{- end }}
    - { name: http-monitoring, port: 15014, targetPort: 15014 }
{{- include "quartet.disruptionBudget" . }}
{{- end }}

{{- define "quartet.disruptionBudget" -}}
{{- if gt (int .values.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "quartet.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .values.maxUnavailable }}
  selector:
    matchLabels: {{- include "quartet.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* The flags that every service is given, as a YAML list. */}}
{{- define "quartet.commonArgs" -}}
- --http
- 0.0.0.0:15014
- --nats
- {{ include "quartet.natsUrl" .root }}
- --nats-tls
- /var/run/secrets/quartet/nats
- --state
- /var/lib/quartet/{{ .program }}
- --log-level
- {{ .root.Values.logLevel }}
{{- if .identity }}
- --citadel
- {{ include "quartet.citadel" .root }}
- --root
- /var/run/secrets/istio/root-cert.pem
- --token-file
- /var/run/secrets/tokens/istio-token
{{- end }}
{{- end }}

{{/* What the pods of all parts have in common. */}}
{{- define "quartet.podSettings" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1337
  runAsGroup: 1337
  fsGroup: 1337
  seccompProfile: { type: RuntimeDefault }
terminationGracePeriodSeconds: 30
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "quartet.selector" . | nindent 8 }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
