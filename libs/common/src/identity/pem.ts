const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*?)-----END \1-----/g;

/** PEM of these bytes, ending in a newline. */
export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/** The bytes of every block with this label, in order. */
export function fromPem(label: string, text: string): Buffer[] {
  const blocks = [...text.matchAll(BLOCK)].filter((block) => block[1] === label);
  return blocks.map((block) => Buffer.from(block[2] ?? '', 'base64'));
}

/** Several PEM bundles of certificates as one, each certificate once. */
export function mergeCertificates(...bundles: readonly string[]): string {
  const blocks = bundles.flatMap((bundle) => fromPem('CERTIFICATE', bundle));
  return [...new Set(blocks.map((der) => toPem('CERTIFICATE', der)))].join('');
}
