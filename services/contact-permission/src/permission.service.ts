import { Bus } from '@kontor/bus';
import {
  type AboutEntry,
  type Change,
  type Collected,
  type Feature,
  type Forgotten,
  type Permission,
  type Permissions,
  type PermissionsChange,
  permissionsChanged,
} from '@kontor/contracts';
import { ContactDecisions, Database, emit } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { allowedFeatures, decidedIn, isSame, permissionTable } from './permissions.js';

const CHANGES_PER_EVENT = 1_000;

@Injectable()
export class PermissionService {
  private readonly decisions: ContactDecisions<Feature, Permission>;

  constructor(
    private readonly db: Database,
    bus: Bus,
  ) {
    this.decisions = new ContactDecisions(db, bus, permissionTable);
  }

  async get(id: string): Promise<Permissions> {
    const contactId = await this.decisions.visible(id);
    return this.db.transaction(async (tx) => (await this.decisions.values(tx, [contactId])).get(contactId)!);
  }

  async set(id: string, change: PermissionsChange): Promise<Permissions> {
    const contactId = await this.decisions.changeable(id);
    return this.db.transaction(async (tx) => {
      const { before, after } = await this.decisions.decide(tx, contactId, (now) => decidedIn(change, now));
      if (!isSame(before, after)) await emit(tx, permissionsChanged, { changes: [{ contactId, allowed: allowedFeatures(after) }] });
      return after;
    });
  }

  async follow(changes: Change[]): Promise<void> {
    await this.db.transaction(async (tx) => this.publish(tx, await this.decisions.follow(tx, changes)));
  }

  /** Customers have no permissions. */
  async forget(about: AboutEntry): Promise<Forgotten> {
    if (about.kind === 'customer') return { counts: { permissions: 0 } };
    return this.db.transaction(async (tx) => {
      const { count, merged } = await this.decisions.forget(tx, about);
      await this.publish(tx, merged);
      return { counts: { permissions: count } };
    });
  }

  async collect({ id, kind }: AboutEntry): Promise<Collected> {
    const permissions = kind === 'contact' ? await this.decisions.collect(id) : undefined;
    return { data: permissions ? { permissions } : {} };
  }

  /** Publishes what these contacts may see now. */
  private async publish(tx: EntityManager, contactIds: readonly string[]): Promise<void> {
    const values = await this.decisions.values(tx, contactIds);
    const changes = Array.from(values, ([contactId, permissions]) => ({ contactId, allowed: allowedFeatures(permissions) }));
    for (let i = 0; i < changes.length; i += CHANGES_PER_EVENT)
      await emit(tx, permissionsChanged, { changes: changes.slice(i, i + CHANGES_PER_EVENT) });
  }
}
