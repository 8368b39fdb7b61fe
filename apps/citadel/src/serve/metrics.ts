import { Counter, Gauge } from 'prom-client';

/** Citadel's metrics, under the names that Istio's dashboards know. */
export const metrics = {
  csrs: new Counter({ name: 'citadel_server_csr_count', help: 'CSRs received' }),
  authenticationFailures: new Counter({
    name: 'citadel_server_authentication_failure_count',
    help: 'Requests whose sender proved no identity',
  }),
  csrParsingErrors: new Counter({
    name: 'citadel_server_csr_parsing_err_count',
    help: 'CSRs that could not be read, or whose key or signature was refused',
  }),
  idExtractionErrors: new Counter({
    name: 'citadel_server_id_extraction_err_count',
    help: 'Proven identities that no certificate may be made for',
  }),
  signingErrors: new Counter({
    name: 'citadel_server_csr_sign_err_count',
    help: 'Errors while signing',
    labelNames: ['error'],
  }),
  issued: new Counter({ name: 'citadel_server_success_cert_issuance_count', help: 'Certificates issued' }),
};

/** When the two certificates end, and whose clock says how long that is: milliseconds. */
export interface ExpirySource {
  readonly root: () => number;
  readonly chain: () => number;
  readonly now: () => number;
}

let source: ExpirySource | undefined;
countdown('citadel_server_root_cert_expiry', 'the root certificate ends', (expiry) => expiry.root());
countdown('citadel_server_cert_chain_expiry', "Citadel's own certificate ends", (expiry) => expiry.chain());

/** Shows these certificates' ends from now on. */
export function trackExpiry(expiry: ExpirySource): void {
  source = expiry;
}

/** A pair of gauges, read when they are scraped. */
function countdown(name: string, event: string, notAfter: (expiry: ExpirySource) => number): void {
  gauge(`${name}_timestamp`, `When ${event}, in seconds since the Unix epoch`, (expiry) => notAfter(expiry));
  gauge(`${name}_seconds`, `Seconds until ${event}`, (expiry) => notAfter(expiry) - expiry.now());
}

function gauge(name: string, help: string, milliseconds: (expiry: ExpirySource) => number): void {
  new Gauge({
    name,
    help,
    collect() {
      if (source) this.set(milliseconds(source) / 1000);
    },
  });
}
