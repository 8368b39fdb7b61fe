/** Citadel's API over grpc-js, for the services and the CLI. */
export * from './citadel-client.js';
export * from './services.js';
