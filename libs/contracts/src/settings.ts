import { z } from 'zod';
import { request } from './contract.js';
import { maybeJob } from './job.js';
import { country, empty, instant, page, paging, shortText, tag, text, version } from './shapes.js';

const type = text(100).trim().min(1, 'is empty');
const option = shortText.trim().min(1, 'is empty');
const key = text(64).regex(/^[a-z][a-zA-Z0-9_]*$/, 'must begin with a lower-case letter and have only letters, digits and _');

export const CustomField = z.strictObject({
  key,
  label: shortText.trim().min(1),
  kind: z.enum(['text', 'long_text', 'number', 'date', 'checkbox', 'select', 'multi_select', 'heading']),
  for: z.enum(['customer', 'contact']),
  options: z.array(option).min(1).max(200).optional().describe('for select and multi_select: what may be chosen'),
});
export type CustomField = z.output<typeof CustomField>;

export const Settings = z
  .object({
    version: z.int(),
    country: z.string().describe('phone numbers without a country code are read as of this country'),
    types: z.array(z.string()),
    customFields: z.array(CustomField),
    assignByMailDomain: z.boolean().describe('assigns new contacts to the customer that alone has their mail domain'),
    contactFromTicket: z.boolean().describe('creates a contact for a single ticket from an unknown address'),
    binDays: z.int().describe('the bin is purged after this number of days'),
  })
  .meta({ id: 'Settings' });
export type Settings = z.output<typeof Settings>;

export const SettingsPatch = z.strictObject({
  country: country.optional(),
  types: z
    .array(type)
    .max(100)
    .refine((list) => new Set(list).size === list.length, 'must not have a type twice')
    .optional(),
  customFields: z
    .array(CustomField)
    .max(200)
    .refine((list) => new Set(list.map((f) => `${f.for}.${f.key}`)).size === list.length, 'must not have two fields with the same key')
    .refine(
      (list) => list.every((f) => f.kind.endsWith('select') === (f.options !== undefined)),
      'must have options for select and multi_select, and only for these',
    )
    .optional(),
  assignByMailDomain: z.boolean().optional(),
  contactFromTicket: z.boolean().optional(),
  binDays: z.int().min(1).max(3650).optional(),
});
export type SettingsPatch = z.output<typeof SettingsPatch>;

export const getSettings = request('customer.get-settings', empty, Settings, {
  summary: 'Returns the settings of the tenant',
  outlivesCaller: true, // an import reads them when it continues
});
export const changeSettings = request(
  'customer.change-settings',
  z.strictObject({ version: version.optional(), change: SettingsPatch }),
  Settings,
  { summary: 'Changes the settings of the tenant', audience: 'admins' },
);

/** The number of entries with the old value, which are changed now or by the job, including those in the bin. */
export const Replaced = maybeJob.extend({ contacts: z.int(), customers: z.int() });
export type Replaced = z.output<typeof Replaced>;

// Renaming and removing values. Each entry is changed as if by hand, with a version, history and an event; until the last one is changed, the
// settings have both the old and the new value.
const replacing = { audience: 'admins', timeoutMs: 30_000 } as const;
const field = { for: z.enum(['customer', 'contact']), key };

export const renameType = request('customer.rename-type', z.strictObject({ from: type, to: type }), Replaced, {
  summary: 'Renames a type in all entries that have it; as a job for more than 1,000',
  ...replacing,
});
export const removeType = request(
  'customer.remove-type',
  z.strictObject({ type, replacement: type.nullable().optional().describe('the new value of entries that have it; null: none') }),
  Replaced,
  { summary: 'Removes a type; refused with the number of uses if it is in use, unless a replacement is given', ...replacing },
);
export const renameCustomField = request('customer.rename-custom-field', z.strictObject({ ...field, to: key }), Replaced, {
  summary: 'Returns a custom field another key, with all values; its label is changed in the settings',
  ...replacing,
});
export const removeCustomField = request(
  'customer.remove-custom-field',
  z
    .strictObject({
      ...field,
      moveTo: key.optional().describe('the field that gets the values where it is empty; other values are dropped'),
      drop: z.literal(true).optional().describe('the values are dropped; the history keeps them'),
    })
    .refine((given) => given.moveTo === undefined || given.drop === undefined, 'must not have both moveTo and drop'),
  Replaced,
  {
    summary: 'Removes a custom field; refused with the number of uses if it is in use, unless moveTo or drop is given',
    ...replacing,
  },
);
export const renameFieldOption = request('customer.rename-field-option', z.strictObject({ ...field, from: option, to: option }), Replaced, {
  summary: 'Renames an option of a select or multi_select field in all entries that have it',
  ...replacing,
});
export const removeFieldOption = request(
  'customer.remove-field-option',
  z.strictObject({ ...field, option, replacement: option.nullable().optional().describe('what is chosen instead; null: nothing') }),
  Replaced,
  { summary: 'Removes an option of a field; refused with the number of uses if it is in use, unless a replacement is given', ...replacing },
);
/** For admins only: it changes contacts and customers that an agent may not see. */
export const renameTags = request(
  'customer.rename-tags',
  z.strictObject({
    from: z.array(tag).min(1).max(50).describe('one tag, or several that become one'),
    to: tag.describe('an existing tag is merged with these'),
  }),
  Replaced,
  { summary: 'Renames a tag, or merges tags into one', ...replacing },
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

/** Sent by the gateway when it first sees an agent, or one whose name, roles or teams have changed. */
export const seeAgent = request('customer.see-agent', empty, empty, { summary: 'Stores the calling agent and the teams of the token' });
export const listAgents = request('customer.list-agents', z.strictObject(paging), page(Agent), {
  summary: 'Lists the agents of the tenant: all who have called the API with a token of it',
});
export const Team = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Team' });
export const listTeams = request('customer.list-teams', z.strictObject(paging), page(Team), {
  summary: 'Lists the teams seen in tokens of the tenant',
});

export const TagCount = z.object({ tag: z.string(), contacts: z.int(), customers: z.int() }).meta({ id: 'TagCount' });
export type TagCount = z.output<typeof TagCount>;
export const listTags = request('customer.list-tags', z.strictObject({ ...paging, startsWith: shortText.optional() }), page(TagCount), {
  summary: 'Lists the tags in use with their counts',
});

export const Me = z
  .object({ id: z.string(), name: z.string().nullable(), tenant: z.string(), roles: z.array(z.string()), teams: z.array(z.string()) })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;
