import { defineService } from '@kontor/service';
import { GatewayEnv } from './env.js';
import { GatewayModule } from './gateway.module.js';
import { serve } from './http/serve.js';

export const service = defineService({
  name: 'gateway',
  env: GatewayEnv,
  module: (env) => GatewayModule.with(env),
  serve,
});
