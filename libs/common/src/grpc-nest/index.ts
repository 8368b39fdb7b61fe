export * from './grpc-server.js';
