import type { changeContacts, InputOf } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Changes } from '../changes/changes.js';
import { customerIdsOf } from '../contact/contact.service.js';
import { contactConditions } from '../contact/list-contacts.js';
import { mergeContact } from '../contact/merge-contact.js';
import { readSettings } from '../settings/settings.service.js';
import { type ContactRow, contactColumns, contactRead, readContacts, type StoredContact, updateContacts } from '../tables/contact.table.js';
import { ensurePrimaryContacts, lockCustomersOf } from '../tables/primary-contact.js';
import { BulkEditService, type EntityEditor, matchingIds } from './bulk-edit.service.js';
import { refuseBadChange } from './refuse-bad-change.js';

type Input = InputOf<typeof changeContacts>;

const editing: EntityEditor<StoredContact, Input['change']> = {
  noun: 'contact',
  columns: contactColumns,
  async lock(tx, ids, { customerId }) {
    if (customerId !== undefined) await lockCustomersOf(tx, ids, [customerId]);
  },
  read: readContacts,
  async prepare(tx, change) {
    const settings = await readSettings(tx);
    await refuseBadChange(tx, 'contact', change, settings);
    return (before, given) => mergeContact(before, given, settings);
  },
  async write(tx: EntityManager, befores: readonly StoredContact[], afters: readonly object[], changes: Changes) {
    const rows = afters as readonly ContactRow[];
    await updateContacts(tx, rows);
    const moved = rows.flatMap((after, i) => (befores[i]?.customerId !== after.customerId ? [after, befores[i]] : [])) as ContactRow[];
    await ensurePrimaryContacts(tx, customerIdsOf(moved), changes, new Set(rows.map(({ id }) => id)));
  },
};

@Injectable()
export class ChangeContacts {
  constructor(private readonly bulkEdit: BulkEditService) {
    bulkEdit.register(editing);
  }

  change({ ids, filter, change }: Input) {
    return this.bulkEdit.change(
      editing,
      change,
      async (tx) => ids ?? matchingIds(tx, contactRead.from, await contactConditions(tx, filter ?? {})),
    );
  }
}
