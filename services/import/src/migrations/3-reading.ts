import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Reading implements MigrationInterface {
  readonly name = 'Reading1760000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table import
        add other_delimiters jsonb not null default '[]',
        add source text,
        add conventions jsonb
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table import drop other_delimiters, drop source, drop conventions');
  }
}
