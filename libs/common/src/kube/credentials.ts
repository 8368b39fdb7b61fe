import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ClusterConfig, ExecPlugin, Material } from './kubeconfig.js';

/** What one connection is made with. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface Credential {
  readonly tls: TlsMaterial;
  /** Differs as soon as `tls` does: connections made with another are not used any more. */
  readonly tlsPrint: string;
  readonly authorization?: string;
}

interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Projected tokens and certificates are replaced in place: files are read again after this time. */
const FRESH_MS = 1_000;
/** A plugin's credential is renewed this long before its end. */
const EARLY_MS = 30_000;
const EXEC_LIMIT_MS = 30_000;

/** Who we are to an API server, at this moment: files are read again when they may have changed. */
export class Credentials {
  private readonly files = new Map<string, { readonly bytes: Buffer; readonly read: number }>();
  private exec: Promise<ExecCredential> | undefined;
  private execExpires = 0;

  constructor(private readonly config: Pick<ClusterConfig, 'ca' | 'user'>) {}

  /** @throws where a file cannot be read for the first time, or a plugin fails */
  async current(): Promise<Credential> {
    const { ca, user } = this.config;
    const plugin = user.exec && (await this.execCredential(user.exec));
    const [caBytes, cert, key, token] = await Promise.all([
      this.bytes(ca),
      plugin?.certificate ? Buffer.from(plugin.certificate) : this.bytes(user.certificate),
      plugin?.key ? Buffer.from(plugin.key) : this.bytes(user.key),
      plugin?.token ? Buffer.from(plugin.token) : this.bytes(user.token),
    ]);
    const tls = { ...(caBytes && { ca: caBytes }), ...(cert && { cert }), ...(key && { key }) };
    const tlsPrint = [caBytes, cert, key].map((bytes) => bytes?.toString('base64') ?? '').join('|');
    const authorization = token ? `Bearer ${token.toString().trim()}` : basic(user.basic);
    return { tls, tlsPrint, ...(authorization && { authorization }) };
  }

  /** The server refused what we said: all of it is read or made anew, where that is possible. */
  distrust(): void {
    for (const [file, { bytes }] of this.files) this.files.set(file, { bytes, read: -Infinity });
    this.exec = undefined;
  }

  /** A file that is being replaced may be away for an instant: what it held last stays. */
  private async bytes(material: Material | undefined): Promise<Buffer | undefined> {
    if (material === undefined) return undefined;
    if ('data' in material) return material.data;
    const known = this.files.get(material.file);
    if (known && performance.now() - known.read < FRESH_MS) return known.bytes;
    try {
      const bytes = await readFile(material.file);
      this.files.set(material.file, { bytes, read: performance.now() });
      return bytes;
    } catch (error) {
      if (known) return known.bytes;
      throw error;
    }
  }

  private async execCredential(plugin: ExecPlugin): Promise<ExecCredential> {
    if (!this.exec || Date.now() > this.execExpires - EARLY_MS) {
      const running = runPlugin(plugin);
      this.exec = running;
      this.execExpires = Infinity;
      running.then(
        ({ expires }) => (this.execExpires = expires),
        () => (this.exec = undefined),
      );
    }
    return this.exec;
  }
}

function basic(userAndPassword: string | undefined): string | undefined {
  return userAndPassword && `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}

async function runPlugin({ apiVersion, command, args, env, cwd }: ExecPlugin): Promise<ExecCredential> {
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const { stdout } = await promisify(execFile)(command, [...args], {
    cwd,
    env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info },
    timeout: EXEC_LIMIT_MS,
  });
  const { status = {} } = JSON.parse(stdout) as { status?: Record<string, string | undefined> };
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
  if (!token && !clientCertificateData) throw new Error(`${command} gave neither a token nor a certificate`);
  const expires = expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp);
  return {
    expires,
    ...(token && { token }),
    ...(clientCertificateData && { certificate: clientCertificateData }),
    ...(clientKeyData && { key: clientKeyData }),
  };
}
