import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which topics somebody has decided about, and into whom a contact was merged; what was decided for it then holds for that one. */
export class Merged implements MigrationInterface {
  readonly name = 'Merged1763700000006';

  async up(runner: QueryRunner): Promise<void> {
    // Until now nobody noted decisions: what is off was switched off.
    await runner.query(`
      alter table mail_flags add merged_into uuid, add decided text[] not null default '{}';
      create index mail_flags_merged on mail_flags (tenant_id, merged_into) where merged_into is not null;
      update mail_flags set decided = array(select key from jsonb_each(flags) where value = 'false' order by key) where flags is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table mail_flags drop merged_into, drop decided');
  }
}
