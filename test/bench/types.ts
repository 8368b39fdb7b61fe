const prefix = 'type.googleapis.com/envoy.config';

export const TYPE = {
  cluster: `${prefix}.cluster.v3.Cluster`,
  endpoint: `${prefix}.endpoint.v3.ClusterLoadAssignment`,
  listener: `${prefix}.listener.v3.Listener`,
  route: `${prefix}.route.v3.RouteConfiguration`,
  virtualHost: `${prefix}.route.v3.VirtualHost`,
} as const;
