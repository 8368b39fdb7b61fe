import { createSocket } from 'node:dgram';
import { GrpcEndpoint, grpcService, rawBidi, serviceDefinition } from '#common/grpc';

/** Where an Envoy sends its statistics by UDP. */
export async function startStatsd(): Promise<{ address: string; heard(): string; close(): void }> {
  const socket = createSocket('udp4');
  let heard = '';
  socket.on('message', (text) => (heard += text.toString()));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    heard: () => heard,
    close: () => void socket.close(),
  };
}

const MetricsService = serviceDefinition('envoy.service.metrics.v3.MetricsService', {
  StreamMetrics: rawBidi(),
});

/** Where it sends them by gRPC; `heard` counts messages. */
export async function startMetricsService(): Promise<{
  address: string;
  heard(): number;
  close(): Promise<void>;
}> {
  let heard = 0;
  const service = grpcService(MetricsService, {
    StreamMetrics(call) {
      call.on('data', () => (heard += 1));
      call.on('end', () => call.end());
    },
  });
  const endpoint = new GrpcEndpoint({ bind: '127.0.0.1:0', services: [service] });
  return { address: await endpoint.listen(), heard: () => heard, close: () => endpoint.close() };
}
