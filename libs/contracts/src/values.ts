import { z } from 'zod';
import { cleanEmail, cleanText, emailProblem } from './clean.js';
import { Job } from './job.js';
import { bulkResult, id, notes, shortText, tags, text } from './shapes.js';

// The fields that customers and contacts share (docs/rules.md 2.3 to 2.5). Input omits what Kontor derives (the E.164 form); output always has it.

const label = text(100).optional();
const primary = z.boolean().optional();

/** Stored as it was typed, without invisible characters and what is put around an address. */
export const emailAddress = text(254)
  .overwrite(cleanEmail)
  .refine((address) => emailProblem(address) === undefined, { error: ({ input }) => emailProblem(String(input)) });

export const phoneKind = z.enum(['phone', 'mobile', 'fax']);
export const linkKind = z.enum(['website', 'social']);

export const NewEmail = z.strictObject({ address: emailAddress, label, primary });
export const NewPhone = z.strictObject({
  number: text(64)
    .overwrite(cleanText)
    .regex(/\p{Nd}/u, 'must have a digit'),
  kind: phoneKind.default('phone'),
  label,
  primary,
  e164: z.unknown().optional().describe('ignored: derived from the number'),
});
const addressLine = text(1024).overwrite(cleanText);
const addressFields = {
  line1: addressLine.optional(),
  line2: addressLine.optional(),
  city: addressLine.optional(),
  state: addressLine.optional(),
  postalCode: text(32).overwrite(cleanText).optional(),
  country: text(100).overwrite(cleanText).optional(),
  alias: addressLine.optional().describe('the popular name of the place, like Alexanderplatz'),
};
export const NewAddress = z
  .strictObject({ ...addressFields, label, primary })
  .refine((a) => [a.line1, a.line2, a.city, a.state, a.postalCode, a.country, a.alias].some(Boolean), 'must not be empty');
export const NewLink = z.strictObject({
  url: text(1024)
    .overwrite(cleanText)
    .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), 'must be an http(s) URL'),
  kind: linkKind.default('website'),
  label,
  primary,
});
/** The system that an external id belongs to. */
export const externalSource = text(100).overwrite(cleanText).min(1, 'is empty');
/** The source of the ids in a file that does not specify one. */
export const IMPORT_SOURCE = 'import';
export const ExternalId = z.strictObject({ source: externalSource, id: text(255).overwrite(cleanText).min(1, 'is empty') });
export type ExternalId = z.output<typeof ExternalId>;

const common = { label: z.string().optional(), primary: z.boolean() };
export const Email = z.object({ address: z.string(), ...common });
export const Phone = z.object({ number: z.string(), e164: z.string().optional(), kind: phoneKind, ...common });
export const Address = z.object({
  line1: z.string().optional(),
  line2: z.string().optional(),
  city: z.string().optional(),
  state: z.string().optional(),
  postalCode: z.string().optional(),
  country: z.string().optional(),
  alias: z.string().optional(),
  ...common,
});
export const Link = z.object({ url: z.string(), kind: linkKind, ...common });
export type Email = z.output<typeof Email>;
export type Phone = z.output<typeof Phone>;
export type Address = z.output<typeof Address>;
export type Link = z.output<typeof Link>;

export const customFieldValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
export type CustomFieldValue = z.output<typeof customFieldValue>;
const newCustomFieldValue = z.union([notes, z.number(), z.boolean(), z.array(shortText).max(50)]);

export const rights = z.enum(['read', 'write']);
const upToMany = <T extends z.ZodType>(item: T, max: number) => z.array(item).max(max, `has more than ${max} entries`);
/** Who may see a restricted entry, besides its owner and the admins (docs/rules.md 2.10). Absent fields stay unchanged. */
export const NewAccess = z
  .strictObject({
    restricted: z.boolean().optional(),
    agents: upToMany(z.strictObject({ id, rights }), 200).optional(),
    teams: upToMany(z.strictObject({ name: text(255).min(1), rights }), 60).optional(),
  })
  .meta({ id: 'NewAccess' });
export type NewAccess = z.output<typeof NewAccess>;
export const Access = z
  .object({
    restricted: z.boolean(),
    agents: z.array(z.object({ id: z.string(), rights })),
    teams: z.array(z.object({ name: z.string(), rights })),
  })
  .meta({ id: 'Access' });
export type Access = z.output<typeof Access>;

const upTo50 = <T extends z.ZodType>(item: T) => z.array(item).max(50, 'has more than 50 values');

/** The fields that a new customer and a new contact share. */
export const newValues = {
  externalIds: upTo50(ExternalId).optional(),
  emails: upTo50(NewEmail).optional(),
  phones: upTo50(NewPhone).optional(),
  addresses: upTo50(NewAddress).optional(),
  links: upTo50(NewLink).optional(),
  type: shortText.nullable().optional(),
  tags: tags.optional(),
  notes: notes.nullable().optional(),
  customFields: z.record(text(64), newCustomFieldValue.nullable()).optional(),
  ownerId: id.nullable().optional(),
  access: NewAccess.optional(),
};

/** The same in a merge patch, where null clears a list. */
export const patchValues = {
  ...newValues,
  externalIds: newValues.externalIds.nullable(),
  emails: newValues.emails.nullable(),
  phones: newValues.phones.nullable(),
  addresses: newValues.addresses.nullable(),
  links: newValues.links.nullable(),
  tags: newValues.tags.nullable(),
  customFields: newValues.customFields.nullable(),
};

export const values = {
  externalIds: z.array(z.object({ source: z.string(), id: z.string() })),
  emails: z.array(Email),
  phones: z.array(Phone),
  addresses: z.array(Address),
  links: z.array(Link),
  type: z.string().nullable(),
  tags: z.array(z.string()),
  notes: z.string().nullable(),
  customFields: z.record(z.string(), customFieldValue),
  ownerId: z.string().nullable(),
  access: Access,
};

/** The fields of a bulk edit: tags are added and removed, everything else is as in a patch of each entry. */
export const bulkChangeFields = {
  addTags: tags.min(1).optional(),
  removeTags: tags.min(1).optional(),
  type: newValues.type,
  ownerId: newValues.ownerId,
  access: newValues.access,
  customFields: newValues.customFields,
};

const isNotEmpty = (given: object | undefined) => given !== undefined && Object.values(given).some((value) => value !== undefined);

/** A bulk edit of these ids, or of the entries that match the filters of the list at the time of the call. */
export const bulkChange = <F extends z.ZodObject, C extends z.ZodObject>(filter: F, change: C) =>
  z
    .strictObject({
      ids: z.array(id).min(1).max(10_000, 'has more than 10,000 ids').optional(),
      filter: filter
        .refine(isNotEmpty, 'must have at least one filter')
        .optional()
        .describe('as in the list, instead of ids; those that match when the call is made, at most 10,000'),
      change: change.refine(isNotEmpty, 'must change something'),
    })
    .refine((given) => (given.ids === undefined) !== (given.filter === undefined), 'must have either ids or a filter');

/** The result of each entry, or the job that runs the bulk edit and has these results as its items. */
export const bulkChangeResult = bulkResult.extend({ job: Job.optional() });
