import { AppError } from '@kontor/bus';
import type { Settings, SettingsPatch } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { refuseStale } from '../tables/refuse-stale.js';
import { fieldIn, type Replacement } from './replacement.js';
import { countUsage } from './usage.js';

// The settings of a new tenant (docs/rules.md 2.7).
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

/** The settings, locked until the transaction ends. */
export async function lockSettings(tx: EntityManager): Promise<Settings> {
  await tx.query(
    `insert into settings (country, types, custom_fields, assign_by_mail_domain) values ($1, $2, $3, $4) on conflict do nothing`,
    [defaults.country, defaults.types, JSON.stringify(defaults.customFields), defaults.assignByMailDomain],
  );
  return readSettings(tx, 'lock');
}

/** Writes settings read with `lockSettings`, if they differ. */
export async function saveSettings(tx: EntityManager, before: Settings, after: Settings): Promise<void> {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  await tx.query(
    `update settings set version = version + 1, country = $1, types = $2, custom_fields = $3, assign_by_mail_domain = $4,
       contact_from_ticket = $5, bin_days = $6`,
    [after.country, after.types, JSON.stringify(after.customFields), after.assignByMailDomain, after.contactFromTicket, after.binDays],
  );
}

@Injectable()
export class SettingsService {
  constructor(private readonly db: Database) {}

  get(): Promise<Settings> {
    return this.db.transaction((tx) => readSettings(tx));
  }

  change({ version, change }: { version?: number; change: SettingsPatch }): Promise<Settings> {
    return this.db.transaction(async (tx) => {
      const before = await lockSettings(tx);
      await refuseStale(tx, before, version, change);
      const after = { ...before, ...change };
      await refuseRemovingUsed(tx, before, after);
      await saveSettings(tx, before, after);
      return readSettings(tx);
    });
  }
}

/** Refuses to remove a type, field or option that is in use, with the number of uses and the call that replaces it. */
async function refuseRemovingUsed(tx: EntityManager, before: Settings, after: Settings): Promise<void> {
  const refuseUsed = async (replacement: Replacement, what: string, path: string, instead: string) => {
    const { contacts, customers } = await countUsage(tx, replacement);
    if (contacts + customers > 0) throw inUse(what, { contacts, customers }, path, instead);
  };
  for (const type of before.types.filter((one) => !after.types.includes(one)))
    await refuseUsed({ what: 'type', from: type, to: null }, `The type "${type}"`, 'types', 'types');
  for (const field of before.customFields) {
    const { key, for: noun } = field;
    const stays = fieldIn(after, noun, key);
    if (stays?.kind !== field.kind) {
      const what = stays ? `The kind of the custom field "${key}"` : `The custom field "${key}"`;
      await refuseUsed({ what: 'field', for: noun, key, to: null }, what, 'customFields', 'custom-fields');
    }
    for (const from of (field.options ?? []).filter((option) => stays?.options && !stays.options.includes(option)))
      await refuseUsed(
        { what: 'option', for: noun, key, from, to: null },
        `The option "${from}" of "${key}"`,
        'customFields',
        'custom-fields/options',
      );
  }
}

const inUse = (what: string, { contacts, customers }: { contacts: number; customers: number }, path: string, instead: string) =>
  new AppError(
    'conflict',
    `${what} is used by ${contacts} contacts and ${customers} customers (with those in the bin); POST /v1/settings/${instead}/rename or …/remove moves them to another value`,
    { used: contacts + customers, contacts, customers, errors: [{ path, message: `${what} is in use`, code: 'in-use' }] },
  );
