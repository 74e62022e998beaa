import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The customers that are not open to all, which every list of an agent leaves out with their contacts. Most have none of them in this index. */
export class ListIndexes implements MigrationInterface {
  readonly name = 'ListIndexes1763700000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index customer_restricted on customer (tenant_id, id) where readers is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index customer_restricted');
  }
}
