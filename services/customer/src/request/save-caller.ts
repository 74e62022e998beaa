import { AppError } from '@kontor/bus';
import type { Difference, InputOf, OutputOf, saveCaller } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { noChanges, recordAndPublish } from '../changes/changes.js';
import { changeContactIn, createContactIn } from '../contact/contact.service.js';
import { retryOrRefuseTaken } from '../sql/retry-on-unique-violation.js';
import { readContact, type StoredContact, writableContact } from '../tables/contact.table.js';
import { lockReferenced } from '../tables/lock-parents.js';
import { refuseStale } from '../tables/refuse-stale.js';
import { differences, isWanted, prefixCallerErrors, statedFields, toContactPatch } from './caller.js';
import { readRequest, requestView, type StoredRequest, updateRequest, withLink, writableRequest } from './request.table.js';

type Input = InputOf<typeof saveCaller>;
type Saved = OutputOf<typeof saveCaller>['saved'];

/** Saves the caller data of a request to contacts, only on request (docs/rules.md 3.4). */
@Injectable()
export class SaveCaller {
  constructor(private readonly db: Database) {}

  differences(id: string): Promise<{ contactId: string; items: Difference[] }> {
    return this.db.transaction(async (tx) => {
      const request = await readRequest(tx, id);
      const contact = await linked(tx, request, readContact);
      return { contactId: contact.id, items: differences(request.caller, contact) };
    });
  }

  save({ version, ...input }: Input): Promise<OutputOf<typeof saveCaller>> {
    return retryOrRefuseTaken(() =>
      this.db.transaction(async (tx) => {
        let reading: 'unfiltered' | undefined;
        const { contactId, fields } = await idempotent(tx, input, async () => {
          // A new contact may be assigned to a customer that is hidden from the caller; the result is returned nevertheless.
          reading = 'unfiltered';
          await this.lockParents(tx, await readRequest(tx, input.id));
          const request = await writableRequest(tx, input.id);
          await refuseStale(tx, requestView(request), version);
          return input.save === 'new' ? this.asNew(tx, request, input) : this.asChanges(tx, request, input);
        });
        const request = requestView(await readRequest(tx, input.id, reading));
        return { ...request, saved: { as: input.save, contactId, fields } };
      }),
    );
  }

  /** Locks the customer and contact of a request before the request itself, to keep the lock order. */
  private async lockParents(tx: EntityManager, { customerId, contactId }: StoredRequest): Promise<void> {
    await lockReferenced(tx, 'customer', [customerId]);
    await lockReferenced(tx, 'contact', [contactId]);
  }

  private async asNew(tx: EntityManager, request: StoredRequest, input: Input): Promise<Omit<Saved, 'as'>> {
    const fields = statedFields(request.caller, input.fields);
    const given = { ...toContactPatch(request.caller, fields), ...(request.customerId && { customerId: request.customerId }) };
    const changes = noChanges();
    const contact = await prefixCallerErrors(() => createContactIn(tx, given, changes));
    await updateRequest(tx, request, {
      ...request,
      ...withLink(request, contact.id),
      customerId: request.customerId ?? contact.customerId,
    });
    await recordAndPublish(tx, changes);
    return { contactId: contact.id, fields };
  }

  private async asChanges(tx: EntityManager, request: StoredRequest, input: Input): Promise<Omit<Saved, 'as'>> {
    const contact = await linked(tx, request, writableContact);
    const fields = differences(request.caller, contact).flatMap(({ field }) => (isWanted(field, input.fields) ? field : []));
    const changes = noChanges();
    await prefixCallerErrors(() => changeContactIn(tx, contact, toContactPatch(request.caller, fields), changes));
    await recordAndPublish(tx, changes);
    return { contactId: contact.id, fields };
  }
}

/** The contact that the request is linked to. Refused, with advice, if there is none or it was deleted. */
async function linked(
  tx: EntityManager,
  { contactId }: StoredRequest,
  read: (tx: EntityManager, id: string) => Promise<StoredContact>,
): Promise<StoredContact> {
  if (!contactId)
    throw new AppError('conflict', 'This request is linked to no contact: link one with PATCH {"contactId": …}, or save as a new contact');
  return read(tx, contactId).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'not-found')) throw error;
    throw new AppError('conflict', 'The contact of this request has been deleted: link another one, or save as a new contact', {
      contactId,
    });
  });
}
