import { grpcService, serviceDefinition, Status, statusError, unary } from '#common/grpc';
import type { GrpcService } from '#common/grpc';
import { envoy } from '#common/proto/edge';
import { DispatchError } from '../dispatch/dispatcher.js';
import type { DispatchObserver } from '../dispatch/dispatcher.js';
import { decide } from '../pipeline.js';
import type { Runtime } from '../routing/runtime.js';
import { checkAnswer } from './check-answer.js';

const { CheckRequest, CheckResponse } = envoy.service.auth.v3;

const Authorization = serviceDefinition('envoy.service.auth.v3.Authorization', {
  Check: unary(CheckRequest, CheckResponse),
});

/**
 * Policy: Envoy's ext_authz asks about each request. What Mixer could not decide is an error of the call, so that the
 * proxy's own setting (policyCheckFailOpen) says whether the request passes.
 */
export function authorizationService(
  current: () => Runtime | undefined,
  observer: DispatchObserver,
): GrpcService {
  return grpcService(Authorization, {
    Check: ({ attributes }) => {
      const runtime = current();
      if (!runtime) throw statusError(Status.UNAVAILABLE, 'no config has been received yet');
      const outcome = decide(attributes ?? {}, runtime, observer);
      if (outcome instanceof DispatchError) throw statusError(Status.INTERNAL, outcome.message);
      return checkAnswer(outcome);
    },
  });
}
