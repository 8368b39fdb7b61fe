import { isIP } from 'node:net';
import { isIdentityName, isTrustDomain } from '#common/identity';
import type { Flag } from '#common/flags';

/** A flag whose text is checked by `parse`; required where there is no fallback. */
export function checked<T>(help: string, parse: (text: string) => T, fallback?: string): Flag<T> {
  return fallback === undefined ? { help, parse } : { help, parse, default: parse(fallback) };
}

/** A flag that may be left out. */
export function optional<T>(help: string, parse: (text: string) => T): Flag<T | undefined> {
  return { help, parse, default: undefined };
}

export function oneOf<const T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new Error(`'${text}' is not one of ${choices.join(', ')}`);
    return choice;
  };
}

/** What can stand in a SPIFFE ID, and is at the same time a Kubernetes name. */
export function identityName(text: string): string {
  if (!isIdentityName(text))
    throw new Error(`'${text}' is not a name of lower-case letters, digits, '-' and '.'`);
  return text;
}

export function trustDomainName(text: string): string {
  if (!isTrustDomain(text)) throw new Error(`'${text}' is not a trust domain`);
  return text;
}

export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new Error(`'${text}' is not an IP address`);
  return text;
}

export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`'${text}' is not a port`);
  return Number(text);
}

export function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`'${text}' is not a number from 1 on`);
  return Number(text);
}

/** `app=reviews,version=v1`. */
export function labelList(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const [key = '', ...value] = pair.split('=');
      if (key === '' || value.length === 0) throw new Error(`'${pair}' is not KEY=VALUE`);
      return [key, value.join('=')];
    }),
  );
}
