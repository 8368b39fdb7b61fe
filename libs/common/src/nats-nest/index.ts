/** Nest's NATS transport. Apart from `#common/nats`, which agent and CLI use without NestJS. */
export { natsMicroservice } from './microservice.js';
