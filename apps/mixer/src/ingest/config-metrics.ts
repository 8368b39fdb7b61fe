import { Gauge, Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { FINDING } from '../config/findings.js';
import type { Runtime } from '../routing/runtime.js';

const CONFIG = {
  mixer_config_attributes_total: 'Known attributes.',
  mixer_config_handler_configs_total: 'Usable handler configs.',
  mixer_config_instance_configs_total: 'Usable instance configs.',
  mixer_config_instance_config_errors_total: 'Errors in instance configs.',
  mixer_config_rule_configs_total: 'Usable rule configs.',
  mixer_config_rule_config_errors_total: 'Errors in rule configs.',
  mixer_config_rule_config_match_error_total: 'Rule conditions that do not compile.',
  mixer_config_unsatisfied_action_handler_total: 'Actions whose handler is not usable.',
  mixer_config_handler_validation_error_total: 'Errors in handler configs.',
} as const;

const HANDLERS = {
  mixer_handler_new_handlers_total: 'Handlers that were built.',
  mixer_handler_reused_handlers_total: 'Handlers that stayed over a change of the config.',
  mixer_handler_closed_handlers_total: 'Handlers that were closed.',
  mixer_handler_handler_build_failures_total: 'Handlers that could not be built.',
  mixer_handler_handler_close_failures_total: 'Handlers that did not close.',
} as const;

type ConfigMetric = keyof typeof CONFIG;
type HandlerMetric = keyof typeof HANDLERS;

/** What Mixer says about its config, by the original's names: gauges for the config in force, counters for handlers. */
export class ConfigMetrics {
  private readonly gauges: ReadonlyMap<string, Gauge>;
  private readonly counters: ReadonlyMap<string, Counter>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.gauges = new Map(
      Object.entries(CONFIG).map(([name, help]) => [name, new Gauge({ name, help, registers })]),
    );
    this.counters = new Map(
      Object.entries(HANDLERS).map(([name, help]) => [name, new Counter({ name, help, registers })]),
    );
  }

  /** A runtime came into force. */
  record(
    { snapshot, handlers }: Runtime,
    before: { readonly closed: number; readonly closeFailures: number },
  ): void {
    const errors = (kind: string, test: (path: string, code: string) => boolean = () => true) =>
      snapshot.diagnostics.filter(
        ({ resource, path, code, level }) =>
          level === 'Error' && kindOf(resource) === kind && test(path, code),
      ).length;
    this.set('mixer_config_attributes_total', snapshot.attributes.size);
    this.set('mixer_config_handler_configs_total', snapshot.handlers.size);
    this.set('mixer_config_instance_configs_total', snapshot.instances.size);
    this.set('mixer_config_instance_config_errors_total', errors('instance'));
    this.set('mixer_config_rule_configs_total', snapshot.rules.length);
    this.set('mixer_config_rule_config_errors_total', errors('rule'));
    this.set(
      'mixer_config_rule_config_match_error_total',
      errors('rule', (path) => path === 'spec.match'),
    );
    const handlerMissing = (path: string, code: string) =>
      path.endsWith('.handler') && code === FINDING.UNKNOWN_REFERENCE;
    this.set('mixer_config_unsatisfied_action_handler_total', errors('rule', handlerMissing));
    this.set('mixer_config_handler_validation_error_total', errors('handler'));
    this.add('mixer_handler_new_handlers_total', handlers.built);
    this.add('mixer_handler_reused_handlers_total', handlers.reused);
    this.add('mixer_handler_closed_handlers_total', before.closed);
    this.add('mixer_handler_handler_build_failures_total', handlers.failed.size);
    this.add('mixer_handler_handler_close_failures_total', before.closeFailures);
  }

  private set(name: ConfigMetric, value: number): void {
    this.gauges.get(name)?.set(value);
  }

  private add(name: HandlerMetric, value: number): void {
    this.counters.get(name)?.inc(value);
  }
}

function kindOf(resource: string | undefined): string | undefined {
  return resource?.split('/')[1];
}
