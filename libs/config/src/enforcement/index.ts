export * from './describe.js';
export * from './page.js';
export * from './rows.js';
