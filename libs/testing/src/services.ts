import { serviceNames } from '@kontor/local';
import type { Service } from '@kontor/service';

/** All services but the gateway, from their sources: what a test of the whole hub runs. */
export const servicesBehindGateway = (): Promise<Service[]> =>
  Promise.all(
    serviceNames()
      .filter((name) => name !== 'gateway')
      .map(async (name) => ((await import(`@kontor/${name}`)) as { service: Service }).service),
  );
