import { AppError, grantees } from '@kontor/bus';
import type { ContactPatch } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayRead } from '../access/access.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { ContactRow } from '../tables/contact.table.js';
import { emailTaken, type Holder, primaryEmail } from './contact-rules.js';

/** Who has which keys: first as the database says, then as the items of a batch change it one after the other. */
export class KeyHolders {
  private constructor(
    /** By primary e-mail. */
    readonly emails: Map<string, Holder>,
    readonly externals: Map<string, string>,
    private readonly codes: Map<string, Set<string>>,
    /** By any e-mail, primary or not. */
    private readonly addresses: Map<string, Set<string>>,
  ) {}

  /** All in one statement: in two, a contact that is made in between would have one of its keys and not the other. */
  static async read(tx: EntityManager, keys: { emails: string[]; externals: string[]; codes: string[] }): Promise<KeyHolders> {
    const holders = new KeyHolders(new Map(), new Map(), new Map(), new Map());
    const having = (kind: string, n: number) =>
      `select a.kind, a.value, a.is_primary as "isPrimary", t.id, case when ${mayRead('contact')} then t.display_name end as "displayName"
       from contact_key a join contact t on t.tenant_id = a.tenant_id and t.id = a.contact_id
       ${grantees() ? 'left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id' : ''}
       where a.kind = '${kind}' and a.value = any($${n})`;
    const found: (Holder & { kind: string; value: string; isPrimary: boolean })[] = await tx.query(
      `${having('email', 1)} union all ${having('external', 2)} union all ${having('code', 3)}`,
      [keys.emails, keys.externals, keys.codes].map((values) => [...new Set(values)]),
    );
    for (const { kind, value, id, displayName, isPrimary } of found) {
      if (kind === 'email') add(holders.addresses, value, id);
      if (kind === 'email' && isPrimary) holders.emails.set(value, { id, displayName });
      if (kind === 'external') holders.externals.set(value, id);
      if (kind === 'code') add(holders.codes, value, id);
    }
    return holders;
  }

  /** All who have this key, whether the caller may see them or not; of an e-mail who has it as the primary one, else all who have it. */
  of(match: 'email' | 'externalId' | 'employeeCode', key: string): string[] {
    if (match === 'employeeCode') return [...(this.codes.get(key) ?? [])];
    const id = match === 'email' ? this.emails.get(key)?.id : this.externals.get(key);
    if (id !== undefined) return [id];
    return match === 'email' ? [...(this.addresses.get(key) ?? [])] : [];
  }

  /** Refuses a contact that would have a key which must be unique and is that of another one. */
  refuseTaken(before: ContactRow | undefined, after: ContactRow, given: Pick<ContactPatch, 'externalIds'>): void {
    const email = primaryEmail(after);
    const holder = email !== undefined && email !== (before && primaryEmail(before)) ? this.emails.get(email) : undefined;
    if (holder && holder.id !== after.id) throw emailTaken(holder);
    const taken = (given.externalIds ?? []).findIndex((one) => (this.externals.get(externalIdKey(one)) ?? after.id) !== after.id);
    if (taken === -1) return;
    const message = 'belongs to another contact already';
    throw new AppError('conflict', `externalIds[${taken}]: ${message}`, {
      errors: [{ path: `externalIds[${taken}]`, message, code: 'taken' }],
    });
  }

  /** Notes that a contact has become another one: what it gave up is free, what it took is not. */
  apply(before: ContactRow | undefined, after: ContactRow): void {
    const { id } = after;
    const was = before && primaryEmail(before);
    const is = primaryEmail(after);
    if (was && was !== is && this.emails.get(was)?.id === id) this.emails.delete(was);
    if (is) this.emails.set(is, { id, displayName: this.emails.get(is)?.displayName ?? 'another item of this call' });
    for (const { address } of before?.emails ?? []) this.addresses.get(emailKey(address))?.delete(id);
    for (const { address } of after.emails) add(this.addresses, emailKey(address), id);
    for (const external of before?.externalIds ?? []) this.externals.delete(externalIdKey(external));
    for (const external of after.externalIds) this.externals.set(externalIdKey(external), id);
    if (before?.employeeCode) this.codes.get(before.employeeCode)?.delete(id);
    if (after.employeeCode) add(this.codes, after.employeeCode, id);
  }
}

function add(all: Map<string, Set<string>>, value: string, id: string): void {
  all.set(value, (all.get(value) ?? new Set()).add(id));
}
