import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Restricted customers, which the lists of agents exclude together with their contacts. Most tenants have few of them. */
export class ListIndexes implements MigrationInterface {
  readonly name = 'ListIndexes1763700000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index customer_restricted on customer (tenant_id, id) where readers is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index customer_restricted');
  }
}
