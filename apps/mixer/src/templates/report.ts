import type { Timestamp } from '#expressions';
import { Failure, Timestamp as Time } from '#expressions';
import type { Template } from './template.js';

/** Where Mixer's adapters were told what a metric or log line is about; only Stackdriver read it. */
const MONITORED_RESOURCE = ['monitoredResourceType', 'monitoredResourceDimensions'];
const EPOCH = new Time(0, 0);

export const metric: Template = {
  name: 'metric',
  variety: 'REPORT',
  fields: ['value', 'dimensions', ...MONITORED_RESOURCE],
  compile(name, fields) {
    const value = fields.value('value');
    const set = fields.map('dimensions');
    fields.typed('monitoredResourceType', 'STRING', '');
    fields.map('monitoredResourceDimensions');
    return (bag, memo) => {
      const measured = value(bag);
      if (measured instanceof Failure) return measured;
      const dimensions = set.evaluate(bag, memo);
      return dimensions instanceof Failure
        ? dimensions
        : { template: 'metric', name, value: measured, dimensions };
    };
  },
};

export const logEntry: Template = {
  name: 'logentry',
  variety: 'REPORT',
  fields: ['variables', 'timestamp', 'severity', ...MONITORED_RESOURCE],
  compile(name, fields) {
    const set = fields.map('variables');
    const time = fields.typed('timestamp', 'TIMESTAMP', EPOCH);
    const level = fields.typed('severity', 'STRING', '');
    fields.typed('monitoredResourceType', 'STRING', '');
    fields.map('monitoredResourceDimensions');
    return (bag, memo) => {
      const variables = set.evaluate(bag, memo);
      const timestamp = time(bag);
      const severity = level(bag);
      if (variables instanceof Failure) return variables;
      if (timestamp instanceof Failure) return timestamp;
      if (severity instanceof Failure) return severity;
      const at = timestamp === EPOCH ? {} : { timestamp: timestamp as Timestamp };
      return { template: 'logentry', name, variables, severity: severity as string, ...at };
    };
  },
};

export const reportNothing: Template = {
  name: 'reportnothing',
  variety: 'REPORT',
  fields: [],
  compile(name) {
    const instance = { template: 'reportnothing', name } as const;
    return () => instance;
  },
};
