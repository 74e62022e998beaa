// `npm run nats-config -w @kontor/local`: writes what docker compose and Kubernetes start NATS with.
import { writeFileSync } from 'node:fs';
import { natsConfig } from './nats-policy.js';

writeFileSync(new URL('../../nats/generated/nats.conf', import.meta.url), natsConfig({ durable: true, monitor: true }));
