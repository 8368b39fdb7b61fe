import { Gauge, type Registry } from 'prom-client';

/** Makes gauges whose value is read when somebody asks. */
export function gaugesOf(registry: Registry): (name: string, help: string, value: () => number) => Gauge {
  return (name, help, value) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
}
