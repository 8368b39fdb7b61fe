import { IstioCertificateService } from '#common/ca-client';
import { grpcService, type GrpcService } from '#common/grpc';
import { createCertificate, type PipelineParts } from '../pipeline.js';
import { Refusal } from '../refusal.js';
import { credentialsOf } from './credentials.js';
import { metrics } from './metrics.js';
import { countRefusal, toStatus } from './refusal-status.js';

/** `istio.v1.auth.IstioCertificateService` over the pipeline. */
export function certificateService(parts: PipelineParts): GrpcService {
  return grpcService(IstioCertificateService, {
    async CreateCertificate({ csr, validityDuration }, call) {
      metrics.csrs.inc();
      try {
        const order = { credentials: credentialsOf(call), csr, validitySeconds: validityDuration };
        const certChain = await createCertificate(order, parts);
        metrics.issued.inc();
        return { certChain };
      } catch (error) {
        if (!(error instanceof Refusal)) metrics.signingErrors.inc({ error: 'internal' });
        if (!(error instanceof Refusal)) throw error;
        countRefusal(error);
        throw toStatus(error);
      }
    },
  });
}
