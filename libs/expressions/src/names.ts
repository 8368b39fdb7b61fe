/**
 * How addresses by name compare: EMAIL_ADDRESS, DNS_NAME and URI are equal when they mean the same, not when they are
 * written the same.
 */

/** Lower case, IDNA-mapped, without the trailing dot; undefined where the text is no DNS name. */
export function normalizeDnsName(text: string): string | undefined {
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  if (bare === '' || bare.length > 253 || /[\s/?#@:\\[\]%<>^|]/.test(bare)) return undefined;
  // WHATWG's host parser is the IDNA mapping that every JavaScript runtime has. It reads 1.2 as an address, hence ASCII first.
  if (/^[\x21-\x7e]+$/.test(bare)) return /^[\w.*-]+$/.test(bare) ? bare.toLowerCase() : undefined;
  return URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`).hostname : undefined;
}

/** The domain normalised, the local part as it is; undefined where the text is no address. */
export function normalizeEmail(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = normalizeDnsName(text.slice(at + 1));
  if (at < 1 || domain === undefined || /[\s<>(),;:\\[\]@]/.test(local)) return undefined;
  return `${local}@${domain}`;
}

/** The scheme in lower case, and for http and https the host normalised; undefined where the text is no URI. */
export function normalizeUri(text: string): string | undefined {
  if (text === '' || /[\x00-\x1f\x7f]/.test(text)) return undefined;
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) return text.startsWith(':') ? undefined : text;
  const lower = scheme.toLowerCase();
  const authority = lower === 'http' || lower === 'https' ? /^\/\/([^/?#:@]+)(.*)$/s.exec(rest) : null;
  if (authority === null) return `${lower}:${rest}`;
  const [, host = '', tail = ''] = authority;
  return `${lower}://${normalizeDnsName(host) ?? host}${tail}`;
}
