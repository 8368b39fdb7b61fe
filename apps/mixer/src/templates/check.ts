import { Failure } from '#expressions';
import type { Template } from './template.js';

export const checkNothing: Template = {
  name: 'checknothing',
  variety: 'CHECK',
  fields: [],
  compile(name) {
    const instance = { template: 'checknothing', name } as const;
    return () => instance;
  },
};

export const listEntry: Template = {
  name: 'listentry',
  variety: 'CHECK',
  fields: ['value'],
  compile(name, fields) {
    const value = fields.value('value');
    return (bag) => {
      const entry = value(bag);
      return entry instanceof Failure ? entry : { template: 'listentry', name, value: entry };
    };
  },
};

export const quota: Template = {
  name: 'quota',
  variety: 'QUOTA',
  fields: ['dimensions'],
  compile(name, fields) {
    const set = fields.map('dimensions');
    return (bag, memo) => {
      const dimensions = set.evaluate(bag, memo);
      return dimensions instanceof Failure ? dimensions : { template: 'quota', name, dimensions };
    };
  },
};
