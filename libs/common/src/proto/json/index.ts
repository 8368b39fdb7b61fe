export { messageFromJson, messageToJson } from './json.js';
export type { JsonObject, JsonValue } from './json.js';
