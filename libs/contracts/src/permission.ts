import { z } from 'zod';
import { event, request } from './contract.js';
import { byId, id } from './shapes.js';

export const features = ['invoices', 'estimates', 'contracts', 'proposals', 'support', 'projects'] as const;
export type Feature = (typeof features)[number];

export const Permission = z.strictObject({
  allowed: z.boolean(),
  scope: z.enum(['own', 'customer']).describe('records of that contact, or all of the customer'),
});
export type Permission = z.output<typeof Permission>;

const each = <T extends z.ZodType>(value: T) => Object.fromEntries(features.map((feature) => [feature, value])) as Record<Feature, T>;

/** What a contact may see in the portal, feature by feature (docs/rules.md 5.3, 5.4). */
export const Permissions = z.object(each(Permission)).meta({ id: 'Permissions' });
export type Permissions = z.output<typeof Permissions>;

export const PermissionsChange = z
  .strictObject(each(z.strictObject({ allowed: z.boolean().optional(), scope: z.enum(['own', 'customer']).optional() }).optional()))
  .meta({ id: 'PermissionsChange' });
export type PermissionsChange = z.output<typeof PermissionsChange>;

export const getPermissions = request('contact-permission.get-permissions', byId, Permissions, {
  summary: 'Returns what a contact may see in the portal',
});
export const setPermissions = request(
  'contact-permission.set-permissions',
  z.strictObject({ id, change: PermissionsChange }),
  Permissions,
  { summary: 'Sets what a contact may see in the portal; features that are not given stay unchanged', audience: 'agents' },
);
export const permissionsChanged = event(
  'events.permission.changed.v1',
  z.object({
    changes: z
      .array(z.object({ contactId: z.string(), allowed: z.array(z.enum(features)) }))
      .min(1)
      .max(1000),
  }),
  { summary: 'What contacts may see in the portal has changed' },
);
