import fc from 'fast-check';
import type { Gateway, Server } from '#config';

/** Labels of the gateway that all of them are for. */
export const GATEWAY_LABELS = { istio: 'gateway' };

const scopes = fc.constantFrom('', '', '', 'default/', 'default/', './', './', '*/', '*/', 'other/');

/**
 * A Gateway with servers on both ports. Each host is in one server of a port at most: where a server that redirects and
 * one that does not have a host in common, the host redirects for both.
 */
export function gatewayFor(hosts: readonly string[]): fc.Arbitrary<Gateway> {
  const shuffled = fc.shuffledSubarray([...hosts], { minLength: hosts.length });
  const ofPort = (number: number): fc.Arbitrary<Server[]> =>
    fc
      .tuple(shuffled, fc.array(scopes, { minLength: 8, maxLength: 8 }), fc.nat(99))
      .map(([all, scope, dice]) => {
        const scoped = all.map((host, index) => `${scope[index % scope.length]}${host}`);
        // The last is now and then on no server of this port, or on one that redirects.
        const open = scoped.slice(0, scoped.length - Number(dice % 4 < 3));
        const redirecting = dice % 4 < 2 ? scoped.slice(open.length) : [];
        return [
          server(number, open, dice),
          ...(redirecting.length > 0 ? [{ ...server(number, redirecting, 3 * dice), ...REDIRECT }] : []),
        ];
      });
  return fc.tuple(ofPort(80), ofPort(8080)).map(([first, second]) => {
    return { selector: GATEWAY_LABELS, servers: [...first, ...second] };
  });
}

/** For servers of HTTP alone. */
const REDIRECT = { tls: { httpsRedirect: true } };
const PROTOCOLS = ['HTTP', 'HTTP2', 'GRPC'];

function server(number: number, hosts: readonly string[], dice: number): Server {
  // A multiple of three: plain HTTP.
  const protocol = PROTOCOLS[dice % PROTOCOLS.length] ?? 'HTTP';
  const port = { number, name: `${protocol.toLowerCase()}-${number}-${dice}-${hosts.length}`, protocol };
  return { port, hosts: [...hosts], ...(dice % 2 === 0 && { name: `server-${number}-${hosts.length}` }) };
}
