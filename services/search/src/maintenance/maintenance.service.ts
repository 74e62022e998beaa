import type { InputOf, SearchStatus, verifyIndex } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { INDEX_VERSION } from '../indexes/document.js';
import { MeiliClient } from '../indexes/meili.client.js';
import { startRebuild } from '../maintenance-requests/rebuild.js';
import { startVerification } from '../maintenance-requests/verification.js';
import { currentTenant } from '../tenant.js';
import { StatusService } from './status.service.js';

/** Stores requests for the writer, whichever replica was asked, and answers with the status of the index. */
@Injectable()
export class MaintenanceService {
  constructor(
    private readonly db: Database,
    private readonly meili: MeiliClient,
    private readonly statuses: StatusService,
  ) {}

  async rebuild(): Promise<SearchStatus> {
    await this.db.acrossTenants((tx) =>
      startRebuild((sql, parameters) => tx.query(sql, parameters), { name: this.meili.names.next(), version: INDEX_VERSION }),
    );
    return this.status();
  }

  async verify({ deep }: InputOf<typeof verifyIndex>): Promise<SearchStatus> {
    await this.db.acrossTenants((tx) => startVerification((sql, parameters) => tx.query(sql, parameters), currentTenant(), { deep }));
    return this.status();
  }

  status(): Promise<SearchStatus> {
    return this.statuses.status();
  }
}
