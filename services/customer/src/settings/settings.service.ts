import { AppError } from '@kontor/bus';
import type { CustomField, Settings, SettingsPatch } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { refuseStale } from '../values/refuse-stale.js';

// What a tenant has before it changes anything (product.md 2.7).
const defaults: Settings = {
  version: 1,
  country: 'DE',
  types: ['cold', 'warm', 'hot'],
  customFields: [],
  assignByMailDomain: true,
  contactFromTicket: true,
  binDays: 60,
};

/** The settings of the tenant of this transaction. */
export async function readSettings(tx: EntityManager, lock?: 'lock'): Promise<Settings> {
  const [settings]: Settings[] = await tx.query(
    `select version, country, types, custom_fields as "customFields", assign_by_mail_domain as "assignByMailDomain",
       contact_from_ticket as "contactFromTicket", bin_days as "binDays" from settings ${lock ? 'for update' : ''}`,
  );
  return settings ?? defaults;
}

@Injectable()
export class SettingsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  get(): Promise<Settings> {
    return this.db.transaction((tx) => readSettings(tx));
  }

  change({ version, change }: { version?: number; change: SettingsPatch }): Promise<Settings> {
    return this.db.transaction(async (tx) => {
      await tx.query(
        `insert into settings (country, types, custom_fields, assign_by_mail_domain) values ($1, $2, $3, $4) on conflict do nothing`,
        [defaults.country, defaults.types, JSON.stringify(defaults.customFields), defaults.assignByMailDomain],
      );
      const before = await readSettings(tx, 'lock');
      await refuseStale(tx, before, version, change);
      const after = { ...before, ...change };
      await refuseRemovingUsed(tx, before, after);
      await tx.query(
        `update settings set version = version + 1, country = $1, types = $2, custom_fields = $3, assign_by_mail_domain = $4,
           contact_from_ticket = $5, bin_days = $6`,
        [after.country, after.types, JSON.stringify(after.customFields), after.assignByMailDomain, after.contactFromTicket, after.binDays],
      );
      return readSettings(tx);
    });
  }
}

/** Values that are in use must not lose their meaning: removing a type or field says how many have it. */
async function refuseRemovingUsed(tx: EntityManager, before: Settings, after: Settings): Promise<void> {
  for (const type of before.types.filter((one) => !after.types.includes(one))) {
    const used =
      (await count(tx, `select count(*)::int as n from contact where type = $1 and deleted_at is null`, type)) +
      (await count(tx, `select count(*)::int as n from customer where type = $1 and deleted_at is null`, type));
    if (used > 0) throw inUse(`The type "${type}"`, used, 'types');
  }
  for (const field of before.customFields) {
    const stays = after.customFields.find((one) => same(one, field));
    if (stays && stays.kind === field.kind) continue;
    const used = await count(tx, `select count(*)::int as n from ${field.for} where custom_fields ? $1 and deleted_at is null`, field.key);
    if (used > 0)
      throw inUse(stays ? `The kind of the custom field "${field.key}"` : `The custom field "${field.key}"`, used, 'customFields');
  }
}

const same = (a: CustomField, b: CustomField) => a.key === b.key && a.for === b.for;

async function count(tx: EntityManager, sql: string, parameter: string): Promise<number> {
  const [row]: { n: number }[] = await tx.query(sql, [parameter]);
  return row?.n ?? 0;
}

const inUse = (what: string, used: number, path: string) =>
  new AppError('conflict', `${what} is used by ${used} contacts or customers; give those another value first`, {
    used,
    errors: [{ path, message: `${what} is in use`, code: 'in-use' }],
  });
