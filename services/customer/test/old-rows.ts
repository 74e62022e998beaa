import type { Context } from '@kontor/bus';
import { newId } from '../src/sql/new-id.js';
import { sql } from './merging.js';

export interface Old {
  firstName?: string;
  lastName?: string;
  emails?: string[];
  phones?: { number: string; e164?: string }[];
  tags?: string[];
  code?: string;
  externalIds?: { source: string; id: string }[];
  city?: string;
  binned?: boolean;
}

const firstPrimary = <T extends object>(list: readonly T[] = []) => list.map((one, i) => ({ ...one, primary: i === 0 }));

/** A contact and its keys as they were written before invisible characters were removed. */
export async function insertOld(
  agent: Context,
  { firstName, lastName, emails = [], phones = [], tags = [], code, externalIds = [], city, binned }: Old,
): Promise<string> {
  const id = newId();
  const name = [firstName, lastName].filter(Boolean).join(' ') || emails[0] || phones[0]?.number || '';
  await sql(
    agent,
    `insert into contact (id, first_name, last_name, display_name, sort_name, employee_code, external_ids, emails, phones, addresses, tags, deleted_at)
     values ($1, $2, $3, $4, lower($4), $5, $6, $7, $8, $9, $10, case when $11 then now() end)`,
    [
      id,
      firstName ?? null,
      lastName ?? null,
      name,
      code ?? null,
      JSON.stringify(externalIds),
      JSON.stringify(firstPrimary(emails.map((address) => ({ address })))),
      JSON.stringify(firstPrimary(phones.map((phone) => ({ ...phone, kind: 'phone' })))),
      JSON.stringify(city ? [{ city, primary: true }] : []),
      JSON.stringify(tags),
      binned ?? false,
    ],
  );
  if (binned) return id;
  const keys = [
    ...emails.map((address, i) => ['email', address.toLowerCase(), i === 0]),
    ...phones.map(({ number, e164 }, i) => ['phone', e164 ?? number.replace(/\D/g, ''), i === 0]),
    ...(code ? [['code', code, false]] : []),
    ...externalIds.map((one) => ['external', `${one.source.length}:${one.source}:${one.id}`, false]),
  ];
  for (const key of keys)
    await sql(agent, 'insert into contact_key (contact_id, kind, value, is_primary) values ($1, $2, $3, $4)', [id, ...key]);
  for (const tag of tags) await sql(agent, 'insert into contact_tag (contact_id, tag) values ($1, $2)', [id, tag]);
  return id;
}
