import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The version of the rules by which values are stored and compared in this database (see `renew/renew-values.ts`). No row: the rules before versions
 * were introduced.
 */
export class ValueRules implements MigrationInterface {
  readonly name = 'ValueRules1763700000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table value_rules (version int primary key, since timestamptz not null default now())');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table value_rules');
  }
}
