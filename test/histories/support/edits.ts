import type { Operation } from '#common/config-log';
import type { Dice } from '../../support/dice.js';
import { BACKENDS, CORE, FLUX, type EditedMesh } from './mesh.js';
import { accessLog, remove } from './resources.js';

/** By what a request shows that it took the new way. */
export type Effect =
  /** Answers of the service carry this mark. */
  | { readonly kind: 'mark'; readonly service: string; readonly mark: number }
  /** One of these, none of whom was asked before, answers for the service. */
  | { readonly kind: 'backend'; readonly service: string; readonly backends: readonly string[] }
  /** The second port of a proxy answers, or no longer does. */
  | { readonly kind: 'port'; readonly proxy: string; readonly open: boolean };

export interface Edit {
  readonly what: EditKind;
  /** One commit. */
  readonly operations: readonly Operation[];
  readonly effect: Effect;
}

export const EDIT_KINDS = ['route', 'cluster', 'endpoint', 'listener', 'service'] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** Changes the mesh by chance, such that no request that is made meanwhile may fail. */
export function randomEdit(mesh: EditedMesh, dice: Dice, kind = dice.oneOf(EDIT_KINDS)): Edit {
  return BUILDERS[kind](mesh, dice);
}

type Builder = (mesh: EditedMesh, dice: Dice) => Edit;

const BUILDERS: Readonly<Record<EditKind, Builder>> = {
  route: (mesh, dice) => {
    const name = dice.oneOf(CORE);
    lead(mesh, name, dice.oneOf([...mesh.services.keys()]));
    return marked(mesh, 'route', name, []);
  },

  cluster: (mesh, dice) => (dice.chance(0.7) ? newSubset(mesh, dice) : changedCluster(mesh, dice)),

  endpoint: (mesh, dice) => {
    const name = dice.oneOf(CORE);
    const route = mesh.route(name);
    const service = mesh.service(route.service);
    const others = BACKENDS.filter((backend) => !service.backends.includes(backend));
    if (route.toSubset || others.length === 0) {
      lead(mesh, name, route.service);
      if (others.length === 0) service.backends = ['v1', ...(service.subset ? [service.subset.version] : [])];
      return marked(mesh, 'endpoint', name, [mesh.entryOperation(route.service)]);
    }
    const backends = dice.some(others);
    const kept = service.subset ? [service.subset.version] : [];
    service.backends = [...new Set([...backends, ...kept])];
    const effect = { kind: 'backend', service: name, backends } as const;
    return { what: 'endpoint', operations: [mesh.entryOperation(route.service)], effect };
  },

  listener: (mesh, dice) => (dice.chance(0.7) ? toggledPort(mesh, dice) : changedListeners(mesh, dice)),

  service: (mesh, dice) => {
    const flux = dice.oneOf(FLUX);
    return mesh.services.has(flux) ? withoutService(mesh, dice, flux) : withService(mesh, dice, flux);
  },
};

/** A cluster that is new, and the route to it; where there was an older subset, it goes. */
function newSubset(mesh: EditedMesh, dice: Dice): Edit {
  const name = dice.oneOf(CORE);
  const to = dice.oneOf([...mesh.services.keys()]);
  const service = mesh.service(to);
  service.subset = { name: `s${mesh.number()}`, version: dice.oneOf(service.backends) };
  // Whoever was led to the older subset is led to the new one.
  const others = mesh.usersOf(to).filter((user) => user !== name && mesh.route(user).toSubset);
  lead(mesh, name, to, true);
  return marked(mesh, 'cluster', name, [
    mesh.ruleOperation(to),
    ...others.map((user) => mesh.routeOperation(user)),
  ]);
}

/** The cluster in use changes in place, the route with it. */
function changedCluster(mesh: EditedMesh, dice: Dice): Edit {
  const name = dice.oneOf(CORE);
  const route = mesh.route(name);
  mesh.service(route.service).connectTimeoutMs = 10_000 + mesh.number();
  lead(mesh, name, route.service, route.toSubset);
  return marked(mesh, 'cluster', name, [mesh.ruleOperation(route.service)]);
}

function toggledPort(mesh: EditedMesh, dice: Dice): Edit {
  const { name: proxy } = dice.oneOf(mesh.proxies);
  const open = !mesh.open.has(proxy);
  if (open) mesh.open.add(proxy);
  else mesh.open.delete(proxy);
  return {
    what: 'listener',
    operations: [mesh.listenerOperation(proxy)],
    effect: { kind: 'port', proxy, open },
  };
}

/** All listeners change in place, or a sidecar imports more or less; a route shows it. */
function changedListeners(mesh: EditedMesh, dice: Dice): Edit {
  const name = dice.oneOf(CORE);
  const sidecars = mesh.proxies.filter(({ role }) => role === 'sidecar');
  lead(mesh, name, mesh.route(name).service);
  if (sidecars.length === 0 || dice.chance(0.5)) {
    mesh.loggedStatus = 600 + mesh.number();
    return marked(mesh, 'listener', name, [accessLog(mesh.loggedStatus)]);
  }
  const { name: proxy } = dice.oneOf(sidecars);
  if (!mesh.narrow.delete(proxy)) mesh.narrow.add(proxy);
  return marked(mesh, 'listener', name, [mesh.listenerOperation(proxy)]);
}

/** A service and, at once, a route to it. */
function withService(mesh: EditedMesh, dice: Dice, flux: string): Edit {
  const name = dice.oneOf(CORE);
  mesh.services.set(flux, { ...mesh.newService(), backends: dice.some(BACKENDS) });
  lead(mesh, name, flux);
  return marked(mesh, 'service', name, mesh.serviceOperations(flux));
}

/** A service goes, and whoever was led to it is led elsewhere. */
function withoutService(mesh: EditedMesh, dice: Dice, flux: string): Edit {
  const users = mesh.usersOf(flux);
  const name = users[0] ?? dice.oneOf(CORE);
  mesh.services.delete(flux);
  for (const user of users) lead(mesh, user, dice.oneOf(CORE));
  if (users.length === 0) lead(mesh, name, mesh.route(name).service);
  const others = users.slice(1).map((user) => mesh.routeOperation(user));
  return marked(mesh, 'service', name, [
    remove('ServiceEntry', flux),
    remove('DestinationRule', flux),
    ...others,
  ]);
}

/** Leads a route to a service, with a new mark. */
function lead(mesh: EditedMesh, name: string, service: string, toSubset = false): void {
  mesh.routes.set(name, { mark: mesh.number(), service, toSubset });
}

/** An edit that the answers of a core service show. */
function marked(mesh: EditedMesh, what: EditKind, service: string, operations: readonly Operation[]): Edit {
  const { mark } = mesh.route(service);
  return {
    what,
    operations: [...operations, mesh.routeOperation(service)],
    effect: { kind: 'mark', service, mark },
  };
}
