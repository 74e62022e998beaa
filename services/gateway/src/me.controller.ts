import { empty, Me } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { route } from './http/route.js';

export const MeController = controller('me', '/v1/me', [
  route('GET', '', {
    name: 'getMe',
    summary: 'Says who is calling, as the access token does',
    input: empty.strict(),
    output: Me,
    answer: async ({ context: { tenant, agent, roles, teams } }) => ({ id: agent?.id, name: agent?.name ?? null, tenant, roles, teams }),
  }),
]);
