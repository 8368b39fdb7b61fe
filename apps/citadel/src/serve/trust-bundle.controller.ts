import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { TrustBundle } from '#common/trust-bundle';
import { TRUST_BUNDLE, type TrustBundleNow } from './trust-bundle.js';

/** Answers the other services' question whom to trust, over NATS. */
@Controller()
export class TrustBundleController {
  constructor(@Inject(TRUST_BUNDLE) private readonly bundle: TrustBundleNow) {}

  @MessagePattern('citadel.trust-bundle')
  trustBundle(): TrustBundle {
    return this.bundle();
  }
}
