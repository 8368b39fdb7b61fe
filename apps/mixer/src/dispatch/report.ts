import type { AttributeBag } from '#expressions';
import { Failure } from '#expressions';
import type { RunningHandler } from '../routing/handler-table.js';
import type { Runtime } from '../routing/runtime.js';
import type { Memo, ReportInstance } from '../templates/index.js';
import { call, DispatchError, matchingInstances, requestNamespace } from './dispatcher.js';
import type { DispatchObserver } from './dispatcher.js';
import { preprocess } from './preprocess.js';

/**
 * Reports that arrived together. Each adds its instances; one call for each handler and template hands over all of
 * them. What goes wrong with one instance or handler costs no other.
 */
export class ReportBatch {
  private readonly calls = new Map<RunningHandler, Map<string, ReportInstance[]>>();
  private failures = 0;
  private firstFailure = '';

  constructor(
    private readonly runtime: Runtime,
    private readonly observer: DispatchObserver,
  ) {}

  /** Makes the instances of one request or connection event. */
  add(attributes: AttributeBag): void {
    const bag = preprocess(attributes, this.runtime, this.observer);
    if (bag instanceof DispatchError) return this.failed(bag.message);
    const destinations = this.runtime.table.destinations('REPORT', requestNamespace(bag));
    const memo: Memo = new Map();
    let instances = 0;
    for (const destination of destinations) {
      const list = this.callsOf(destination.handler, destination.template);
      for (const config of matchingInstances(destination, bag)) {
        const instance = config.build(bag, memo);
        instances++;
        if (instance instanceof Failure) this.failed(`${config.fqn}: ${instance.message}`);
        else list.push(instance as ReportInstance);
      }
    }
    this.observer.routed('REPORT', destinations.length, instances);
  }

  /** Hands everything over. */
  flush(): void {
    for (const [handler, byTemplate] of this.calls) {
      for (const instances of byTemplate.values()) {
        if (instances.length > 0)
          call('REPORT', handler, this.observer, () => handler.handler.report?.(instances));
      }
    }
    this.calls.clear();
    if (this.failures === 0) return;
    const fields = { failures: this.failures, first: this.firstFailure };
    this.observer.log('warn', fields, 'some instances of a report could not be made');
    this.failures = 0;
  }

  private callsOf(handler: RunningHandler, template: string): ReportInstance[] {
    let byTemplate = this.calls.get(handler);
    if (!byTemplate) this.calls.set(handler, (byTemplate = new Map<string, ReportInstance[]>()));
    let list = byTemplate.get(template);
    if (!list) byTemplate.set(template, (list = []));
    return list;
  }

  private failed(message: string): void {
    if (this.failures++ === 0) this.firstFailure = message;
  }
}
