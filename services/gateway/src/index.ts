import { Bus } from '@kontor/bus';
import { IMPORT_BUCKET } from '@kontor/contracts';
import { defineService } from '@kontor/service';
import { Objm } from '@nats-io/obj';
import { GatewayEnv } from './env.js';
import { GatewayModule } from './gateway.module.js';
import { serve } from './serve.js';

export const service = defineService({
  name: 'gateway',
  env: GatewayEnv,
  module: (env) => GatewayModule.with(env),
  serve,
  signingKey: (env) => env.KONTOR_CALLER_SIGNING_KEY,
  // Everything but uploads works without it.
  checks: (app) => [
    { name: 'files', required: false, run: async () => void (await new Objm(app.get(Bus).connection).open(IMPORT_BUCKET)) },
  ],
});
