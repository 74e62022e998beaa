import type { Observer } from '@kontor/bus';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** A registry of its own for each service, because several may live in one process. */
export function createMetrics(service: string): { registry: Registry; observe: Observer } {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const handled = new Histogram({
    name: 'kontor_handled_seconds',
    help: 'Requests and events handled: how long each took, by name and outcome',
    labelNames: ['kind', 'name', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return { registry, observe: (kind, name, milliseconds, code) => handled.observe({ kind, name, code }, milliseconds / 1000) };
}
