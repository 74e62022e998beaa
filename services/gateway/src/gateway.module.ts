import { type DynamicModule, Module } from '@nestjs/common';
import { apiControllers } from './api-controllers.js';
import { DocsController } from './docs/docs.controller.js';
import { ENV, type GatewayEnv } from './env.js';
import { HealthController } from './health.controller.js';
import { Agents } from './identity/agents.js';
import { Tokens } from './identity/tokens.js';

@Module({})
export class GatewayModule {
  static with(env: GatewayEnv): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [...apiControllers, DocsController, HealthController],
      providers: [{ provide: ENV, useValue: env }, Tokens, Agents],
    };
  }
}
