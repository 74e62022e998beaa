import { z } from 'zod';
import { request } from './contract.js';
import { country, empty, instant, page, paging, shortText, text, version } from './shapes.js';

const key = text(64).regex(/^[a-z][a-zA-Z0-9_]*$/, 'begins with a small letter and has only letters, digits and _');

export const CustomField = z.strictObject({
  key,
  label: shortText.trim().min(1),
  kind: z.enum(['text', 'long_text', 'number', 'date', 'checkbox', 'select', 'multi_select', 'heading']),
  for: z.enum(['customer', 'contact']),
  options: z.array(shortText.trim().min(1)).min(1).max(200).optional().describe('for select and multi_select: what may be chosen'),
});
export type CustomField = z.output<typeof CustomField>;

export const Settings = z
  .object({
    version: z.int(),
    country: z.string().describe('phone numbers without a country code are read as of this country'),
    types: z.array(z.string()),
    customFields: z.array(CustomField),
    assignByMailDomain: z.boolean().describe('a new contact whose mail domain belongs to exactly one customer is put there by itself'),
    contactFromTicket: z.boolean().describe('a single ticket from an unknown address makes the contact by itself'),
    binDays: z.int().describe('what is in the bin is purged after so many days'),
  })
  .meta({ id: 'Settings' });
export type Settings = z.output<typeof Settings>;

export const SettingsPatch = z.strictObject({
  country: country.optional(),
  types: z
    .array(text(100).trim().min(1))
    .max(100)
    .refine((list) => new Set(list).size === list.length, 'names a type twice')
    .optional(),
  customFields: z
    .array(CustomField)
    .max(200)
    .refine((list) => new Set(list.map((f) => `${f.for}.${f.key}`)).size === list.length, 'has two fields with one key')
    .refine(
      (list) => list.every((f) => f.kind.endsWith('select') === (f.options !== undefined)),
      'needs options for select and multi_select, and only there',
    )
    .optional(),
  assignByMailDomain: z.boolean().optional(),
  contactFromTicket: z.boolean().optional(),
  binDays: z.int().min(1).max(3650).optional(),
});
export type SettingsPatch = z.output<typeof SettingsPatch>;

export const getSettings = request('customer.get-settings', empty, Settings, { summary: 'Gives the settings of the tenant' });
export const changeSettings = request(
  'customer.change-settings',
  z.strictObject({ version: version.optional(), change: SettingsPatch }),
  Settings,
  { summary: 'Changes the settings of the tenant', audience: 'admins' },
);

export const Agent = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    roles: z.array(z.string()),
    teams: z.array(z.string()),
    firstSeenAt: instant,
    lastSeenAt: instant,
  })
  .meta({ id: 'Agent' });
export type Agent = z.output<typeof Agent>;

/** Told by the gateway when it first meets an agent, or meets one whose name, roles or teams have changed. */
export const seeAgent = request('customer.see-agent', empty, empty, { summary: 'Remembers the calling agent and the teams of the token' });
export const listAgents = request('customer.list-agents', z.strictObject(paging), page(Agent), {
  summary: 'Lists the agents of the tenant: everybody who has ever called the API with a token of it',
});
export const Team = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Team' });
export const listTeams = request('customer.list-teams', z.strictObject(paging), page(Team), {
  summary: 'Lists the teams seen in tokens of the tenant',
});

export const TagCount = z.object({ tag: z.string(), contacts: z.int(), customers: z.int() }).meta({ id: 'TagCount' });
export const listTags = request('customer.list-tags', z.strictObject({ ...paging, startsWith: shortText.optional() }), page(TagCount), {
  summary: 'Lists the tags in use with their counts',
});

export const Me = z
  .object({ id: z.string(), name: z.string().nullable(), tenant: z.string(), roles: z.array(z.string()), teams: z.array(z.string()) })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;
