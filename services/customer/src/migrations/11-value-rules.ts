import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By which rules values are kept and compared in this database; see `renew/renew-values.ts`. No row: by those of before there was a number. */
export class ValueRules implements MigrationInterface {
  readonly name = 'ValueRules1763700000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table value_rules (version int primary key, since timestamptz not null default now())');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table value_rules');
  }
}
