import type { Destination } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkPort, isAddress, isDnsLabel, isHostName } from './text.js';

export function checkDestination(destination: Destination | undefined, scope: Scope): void {
  const host = destination?.host ?? '';
  if (host === '') return scope.error('destination needs a host');
  if (host.includes('*'))
    scope.at('host').error(`invalid destination host ${JSON.stringify(host)}: no wildcards here`);
  else if (!isHostName(host) && !isAddress(host))
    scope.at('host').error(`invalid destination host ${JSON.stringify(host)}`);
  if (destination?.subset !== undefined) checkSubsetName(destination.subset, scope.at('subset'));
  if (destination?.port) checkPort(destination.port.number ?? 0, scope.at('port', 'number'));
}

export function checkSubsetName(name: string, scope: Scope): void {
  if (name === '') scope.error('a subset name must not be empty');
  else if (!isDnsLabel(name)) scope.error(`invalid subset name ${JSON.stringify(name)}`);
}

/** Weights are shares of their sum, which Istio lets be anything but 0 and Envoy keeps within 32 bits. */
export function checkWeights(
  targets: readonly { destination: Destination; weight?: number }[],
  scope: Scope,
): void {
  let total = 0;
  targets.forEach((target, index) => {
    checkDestination(target.destination, scope.at(index, 'destination'));
    const weight = target.weight ?? 0;
    if (weight < 0) scope.at(index, 'weight').error('weight must not be negative');
    total += weight;
  });
  if (targets.length > 1 && total === 0) scope.error('total destination weight = 0');
  if (total > 4294967295) scope.error(`total destination weight ${total} is over 4294967295`);
}
