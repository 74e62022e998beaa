import { AppError, Bus } from '@kontor/bus';
import { Controller, Get, Header } from '@nestjs/common';

/** For load balancers and whoever waits for the hub: without a token, and with nothing in it but whether calls may be sent here. */
@Controller()
export class HealthController {
  constructor(private readonly bus: Bus) {}

  @Get('health')
  @Header('cache-control', 'no-store')
  async ready(): Promise<{ status: 'ready' }> {
    await this.bus.ping().catch(() => {
      throw new AppError('unavailable', 'The hub is not ready', { retryAfter: 1 });
    });
    return { status: 'ready' };
  }
}
