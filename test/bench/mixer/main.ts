/**
 * What Mixer costs, in microseconds of CPU: one report item (8 metrics of 20 labels, in batches of 100) and one Check
 * (a list rule), by itself and over gRPC beside a handler that does nothing. Prints one JSON object.
 *
 *     node tools/build.mjs && node dist/test/bench/mixer/main.js
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { GrpcEndpoint, grpcService, serviceDefinition, unary } from '#common/grpc';
import type { GrpcService } from '#common/grpc';
import { envoy } from '#common/proto/edge';
import { createLogger } from '#common/service';
import { readReporter } from '../../../apps/mixer/src/attributes/reporter.js';
import { TcpConnections } from '../../../apps/mixer/src/attributes/tcp-access-log.js';
import { DispatchError } from '../../../apps/mixer/src/dispatch/dispatcher.js';
import { decide, report } from '../../../apps/mixer/src/pipeline.js';
import { authorizationService } from '../../../apps/mixer/src/serve/authorization.js';
import { checkAnswer } from '../../../apps/mixer/src/serve/check-answer.js';
import { DispatchMetrics } from '../../../apps/mixer/src/serve/dispatch-metrics.js';
import { TestRuntime } from '../../../apps/mixer/src/testing/runtime.js';
import {
  CHECK_REQUEST,
  FIRST_MESSAGE,
  POLICY_CONFIG,
  reportMessage,
  telemetryConfig,
  WORKLOADS,
} from './fixtures.js';

const { CheckRequest, CheckResponse } = envoy.service.auth.v3;
const { StreamAccessLogsMessage } = envoy.service.accesslog.v3;
const BATCH = 100;
const CALLS_PER_ROUND = 5000;

const observer = new DispatchMetrics(new Registry(), createLogger('bench', 'error'));

/** Microseconds of CPU, user and system, per run; the best of several rounds, as what is above it is other people's. */
function cost(runs: number, run: () => void, rounds = 7): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let i = 0; i < runs; i++) run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / runs);
  }
  return Math.round(best * 100) / 100;
}

function reportCost(shared: boolean): { decode: number; item: number } {
  const { current } = new TestRuntime({
    'config.yaml': telemetryConfig(shared),
    'workloads.yaml': WORKLOADS,
  });
  const reporter = readReporter(FIRST_MESSAGE.identifier, undefined);
  if (!reporter) throw new Error('the fixture has no reporter');
  const stream = { reporter, connections: new TcpConnections() };
  const bytes = reportMessage(BATCH);
  const decode = cost(50, () => void StreamAccessLogsMessage.decode(bytes)) / BATCH;
  const all =
    cost(50, () => report(StreamAccessLogsMessage.decode(bytes), stream, current, observer)) / BATCH;
  return { decode, item: all };
}

function checkCost(): { decode: number; check: number } {
  const { current } = new TestRuntime({ 'config.yaml': POLICY_CONFIG, 'workloads.yaml': WORKLOADS });
  const decode = cost(5000, () => void CheckRequest.decode(CHECK_REQUEST));
  const check = cost(5000, () => {
    const outcome = decide(CheckRequest.decode(CHECK_REQUEST).attributes ?? {}, current, observer);
    if (outcome instanceof DispatchError || outcome.status.code !== 0)
      throw new Error('the fixture is refused');
    CheckResponse.encode(checkAnswer(outcome)).finish();
  });
  return { decode, check };
}

/** CPU of this process alone: whoever asks is a process of its own. */
async function transportCost(service: GrpcService): Promise<number> {
  const endpoint = new GrpcEndpoint({ bind: '127.0.0.1:0', services: [service] });
  const address = await endpoint.listen();
  const asker = fork(fileURLToPath(new URL('asker.js', import.meta.url)), [address], { execArgv: [] });
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    const start = process.cpuUsage();
    asker.send(CALLS_PER_ROUND);
    await once(asker, 'message');
    const { user, system } = process.cpuUsage(start);
    // The first round is for the compilers.
    if (round > 0) best = Math.min(best, (user + system) / CALLS_PER_ROUND);
  }
  asker.disconnect();
  await once(asker, 'exit');
  await endpoint.close();
  return Math.round(best * 10) / 10;
}

const Authorization = serviceDefinition('envoy.service.auth.v3.Authorization', {
  Check: unary(CheckRequest, CheckResponse),
});
const rawDefinition = { Check: { ...Authorization.Check, requestDeserialize: () => new CheckRequest() } };
const empty = grpcService(rawDefinition, { Check: () => ({ status: { code: 0 } }) });

const policy = new TestRuntime({ 'config.yaml': POLICY_CONFIG, 'workloads.yaml': WORKLOADS }).current;
const results = {
  'report, one set of labels': reportCost(true),
  'report, each metric its own labels': reportCost(false),
  'check, in process': checkCost(),
  'check over gRPC': {
    empty: await transportCost(empty),
    mixer: await transportCost(authorizationService(() => policy, observer)),
  },
};
process.stdout.write(`${JSON.stringify({ unit: 'us CPU', ...results }, null, 2)}\n`);
process.exit(0);
