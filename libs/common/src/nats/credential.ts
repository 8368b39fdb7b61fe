import { readFileSync } from 'node:fs';

/** The bus and this service's credential for it, without the name that the service goes by. */
export interface NatsCredential {
  readonly url: string;
  /** `SU...` */
  readonly nkeySeed?: string;
}

/** From the common flags `--nats` and `--nats-nkey`. Throws where the seed's file cannot be read. */
export function natsCredential(flags: { nats: string; natsNkey: string | undefined }): NatsCredential {
  const { nats: url, natsNkey } = flags;
  return natsNkey === undefined ? { url } : { url, nkeySeed: readFileSync(natsNkey, 'utf8').trim() };
}
