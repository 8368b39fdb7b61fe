import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Diagnostic } from '#config';
import { RuntimeHolder } from '../ingest/runtime-holder.js';

/** What a Mixer says about itself. */
export interface MixerStatus {
  readonly ready: boolean;
  /** Revision of the config log that is in force. */
  readonly revision: number;
  readonly rules: number;
  readonly handlers: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A reply stays small, whatever state the config is in. */
const MAX_DIAGNOSTICS = 100;

/** Answers over NATS how Mixer's config is. */
@Controller()
export class StatusController {
  constructor(private readonly runtimes: RuntimeHolder) {}

  @MessagePattern('mixer.status')
  status(): MixerStatus {
    const runtime = this.runtimes.current();
    return {
      ready: runtime !== undefined,
      revision: this.runtimes.configRevision,
      rules: runtime?.snapshot.rules.length ?? 0,
      handlers: [...(runtime?.handlers.running.keys() ?? [])],
      diagnostics: runtime?.snapshot.diagnostics.slice(0, MAX_DIAGNOSTICS) ?? [],
    };
  }
}
