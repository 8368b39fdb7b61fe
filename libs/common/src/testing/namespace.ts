import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A host of its own on this machine: a network namespace with a link to ours, where connections can be captured as
 * Istio's iptables rules do it. Needs root, `ip` and `iptables`.
 */
export interface NetworkNamespace {
  /** Its own address, and ours at the other end of the link. */
  readonly address: string;
  readonly peer: string;
  /** The words before a command that make it run there. */
  readonly enter: readonly string[];
  /** The same, as whom nothing that it sends is captured. */
  readonly enterAsProxy: readonly string[];
  /** Runs a command there to its end and returns what it wrote. */
  exec(...command: readonly string[]): Promise<string>;
}

/** Why there can be none here; undefined where there can. */
export function whyNoNamespaces(): string | undefined {
  const tries = [
    ['ip', '-V'],
    ['iptables', '-V'],
    ['setpriv', '-V'],
    ['unshare', '--net', 'true'],
  ] as const;
  try {
    for (const [tool, ...args] of tries) execFileSync(tool, args, { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `network namespaces need root, ip, iptables and setpriv: ${(error as Error).message.trim()}`;
  }
}

/** The group that Istio's proxies run as: its traffic is let through. */
const PROXY_GROUP = '1337';

const made = new Set<string>();

/** @throws where the machine does not let us */
export async function createNamespace(): Promise<NetworkNamespace> {
  await removeLeftovers();
  const name = `q-${process.pid}-${made.size}`;
  made.add(name);
  const [address, peer] = addresses(made.size);
  const link = `${name}h`.replaceAll('-', '').slice(-15);
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  await run('ip', ['address', 'add', `${peer}/30`, 'dev', link]);
  await run('ip', ['link', 'set', link, 'up']);
  // So that namespaces reach each other; it goes with the link.
  writeFileSync(`/proc/sys/net/ipv4/conf/${link}/forwarding`, '1');
  const enter = ['ip', 'netns', 'exec', name];
  const exec = async (...command: readonly string[]): Promise<string> => {
    const [program = '', ...args] = [...enter, ...command];
    return (await run(program, args)).stdout;
  };
  await exec('ip', 'address', 'add', `${address}/30`, 'dev', 'eth0');
  for (const device of ['lo', 'eth0']) await exec('ip', 'link', 'set', device, 'up');
  await exec('ip', 'route', 'add', 'default', 'via', peer);
  const enterAsProxy = [...enter, 'setpriv', '--regid', PROXY_GROUP, '--clear-groups'];
  return { address, peer, enter, enterAsProxy, exec };
}

/** Of a range that nobody else uses; the process number keeps test files apart that run at the same time. */
function addresses(count: number): [string, string] {
  const block = ((process.pid * 16 + count) % 16_384) * 4;
  const base = `10.213.${block >> 8}.`;
  return [`${base}${(block & 255) + 2}`, `${base}${(block & 255) + 1}`];
}

/** Namespaces outlive the process that made them, where that was killed. */
async function removeLeftovers(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list']);
  for (const [name, pid] of stdout.matchAll(/^q-(\d+)-\d+/gm)) {
    if (!isRunning(Number(pid))) removeNamespace(name);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** With a namespace goes its end of the link, and with that ours. */
function removeNamespace(name: string): void {
  execFileSync('ip', ['netns', 'delete', name]);
}

export function removeNamespaces(): void {
  for (const name of made) removeNamespace(name);
  made.clear();
}

/** As Istio's rules do: what the application sends, and what comes to it, goes to the proxy's two ports first. */
export async function captureByRedirect(namespace: NetworkNamespace): Promise<void> {
  const rule = (...args: string[]): Promise<string> => namespace.exec('iptables', '-t', 'nat', '-A', ...args);
  await rule('PREROUTING', '-p', 'tcp', ...exceptAdmin(), '-j', 'REDIRECT', '--to-ports', '15006');
  await rule('OUTPUT', '-o', 'lo', '-s', '127.0.0.6/32', '-j', 'RETURN');
  await rule('OUTPUT', '-m', 'owner', '--gid-owner', PROXY_GROUP, '-j', 'RETURN');
  await rule('OUTPUT', '-d', '127.0.0.1/32', '-j', 'RETURN');
  await rule('OUTPUT', '-d', `${namespace.address}/32`, '-j', 'RETURN');
  await rule('OUTPUT', '-p', 'tcp', '-j', 'REDIRECT', '--to-ports', '15001');
}

/** The same for what comes in, but that the client's address and the destination's stay what they are. */
export async function captureByTproxy(namespace: NetworkNamespace): Promise<void> {
  const rule = (...args: string[]): Promise<string> =>
    namespace.exec('iptables', '-t', 'mangle', '-A', ...args);
  await namespace.exec('ip', 'rule', 'add', 'fwmark', '1337', 'lookup', '133');
  await namespace.exec('ip', 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '133');
  const tproxy = ['-j', 'TPROXY', '--on-port', '15006', '--tproxy-mark', '1337'];
  await rule('PREROUTING', '-i', 'eth0', '-p', 'tcp', ...exceptAdmin(), ...tproxy);
}

/** The port of Envoy's admin interface, where tests reach it from outside. */
export const ADMIN_PORT = 15000;

function exceptAdmin(): string[] {
  return ['!', '--dport', String(ADMIN_PORT)];
}
