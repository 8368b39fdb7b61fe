/**
 * What a service still waits for. It is ready when every condition holds; each is named, so that `/readyz` says what
 * is missing. A condition that held once may stay: a service keeps serving its last good state when NATS goes away.
 */
export class Readiness {
  private readonly conditions = new Map<string, { ok: boolean; detail: string }>();
  private readonly waiting: (() => void)[] = [];

  /** Names a condition that does not hold yet. */
  expect(name: string, detail = 'not yet'): void {
    if (!this.conditions.has(name)) this.conditions.set(name, { ok: false, detail });
  }

  set(name: string, ok: boolean, detail = ''): void {
    this.conditions.set(name, { ok, detail });
    if (this.ready) for (const resolve of this.waiting.splice(0)) resolve();
  }

  get ready(): boolean {
    return [...this.conditions.values()].every((condition) => condition.ok);
  }

  report(): { ready: boolean; conditions: Record<string, { ok: boolean; detail: string }> } {
    return { ready: this.ready, conditions: Object.fromEntries(this.conditions) };
  }

  whenReady(): Promise<void> {
    return this.ready ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}
