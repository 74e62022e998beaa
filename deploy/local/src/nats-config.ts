// `npm run nats-config -w @kontor/local`: writes what docker compose and Kubernetes start NATS with, and which services need a database.
import { writeFileSync } from 'node:fs';
import { natsConfig, servicesWithDatabase } from './nats-policy.js';

const write = (file: string, text: string) => writeFileSync(new URL(`../../nats/generated/${file}`, import.meta.url), text);

write('nats.conf', natsConfig({ durable: true, monitor: true }));
write('databases.json', `${JSON.stringify(servicesWithDatabase())}\n`);
