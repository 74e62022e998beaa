import type { Followers, Observer } from '@kontor/bus';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

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

/** Whether each durable consumer is followed here (or waits at its gate), and how often its events may have been missed. */
export function measureFollowers(registry: Registry, followers: Followers): void {
  new Gauge({
    name: 'kontor_consumer_up',
    help: 'Durable consumers: 1 while it is followed or another replica follows it, 0 while it cannot be',
    labelNames: ['consumer'],
    registers: [registry],
    collect() {
      for (const { consumer, state } of followers.list()) this.set({ consumer }, state === 'following' || state === 'waiting' ? 1 : 0);
    },
  });
  new Counter({
    name: 'kontor_consumer_gaps_total',
    help: 'Durable consumers: how often events may have been missed, because it had to be made or its stream lost some',
    labelNames: ['consumer'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { consumer, gaps } of followers.list()) this.inc({ consumer }, gaps);
    },
  });
}
