import { AppError, grantees } from '@kontor/bus';
import type { ContactPatch } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayRead } from '../access/access.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { ContactRow } from '../tables/contact.table.js';
import { emailTaken, type Holder, primaryEmail } from './contact-rules.js';

/** Tracks which contact has which key: loaded from the database, then updated as the items of a batch are applied in order. */
export class KeyHolders {
  private constructor(
    /** By primary e-mail. */
    readonly emails: Map<string, Holder>,
    readonly externals: Map<string, string>,
    private readonly codes: Map<string, Set<string>>,
    /** By any e-mail, primary or not. */
    private readonly addresses: Map<string, Set<string>>,
  ) {}

  /** In one statement, so that a contact created concurrently is seen with all of its keys or none. */
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

  /** All contacts with this key, visible to the caller or not. For an e-mail: the contact that has it as the primary one, else all that have it. */
  of(match: 'email' | 'externalId' | 'employeeCode', key: string): string[] {
    if (match === 'employeeCode') return [...(this.codes.get(key) ?? [])];
    const id = match === 'email' ? this.emails.get(key)?.id : this.externals.get(key);
    if (id !== undefined) return [id];
    return match === 'email' ? [...(this.addresses.get(key) ?? [])] : [];
  }

  /** Refuses a contact whose primary e-mail or external id belongs to another one. */
  refuseTaken(before: ContactRow | undefined, after: ContactRow, given: Pick<ContactPatch, 'externalIds'>): void {
    const email = primaryEmail(after);
    const holder = email !== undefined && email !== (before && primaryEmail(before)) ? this.emails.get(email) : undefined;
    if (holder && holder.id !== after.id) throw emailTaken(holder);
    const taken = (given.externalIds ?? []).findIndex((one) => (this.externals.get(externalIdKey(one)) ?? after.id) !== after.id);
    if (taken === -1) return;
    const message = 'already belongs to another contact';
    throw new AppError('conflict', `externalIds[${taken}]: ${message}`, {
      errors: [{ path: `externalIds[${taken}]`, message, code: 'taken' }],
    });
  }

  /** Applies the change of a contact: keys it gave up become free, keys it took are taken. */
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
