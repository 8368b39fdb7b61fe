/** The agent's own figures; prom-client is for processes that have more than three. */
export interface AgentFigures {
  /** Milliseconds since the Unix epoch. */
  readonly certificateEnd: number | undefined;
  readonly now: number;
  readonly envoyRestarts: number;
  readonly residentBytes: number;
}

/** Prometheus' text format; names are those of Istio's agent where it has the same figure. */
export function agentMetrics(figures: AgentFigures): string {
  const { certificateEnd, now, envoyRestarts, residentBytes } = figures;
  const secondsLeft = certificateEnd === undefined ? 0 : Math.round((certificateEnd - now) / 1000);
  return [
    ...metric('istio_agent_cert_expiry_seconds', 'gauge', 'Time until the certificate ends.', secondsLeft),
    ...metric(
      'istio_agent_envoy_restarts_total',
      'counter',
      'Times that Envoy was restarted.',
      envoyRestarts,
    ),
    ...metric('istio_agent_process_resident_memory_bytes', 'gauge', 'Resident memory.', residentBytes),
    '',
  ].join('\n');
}

function metric(name: string, type: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`];
}
