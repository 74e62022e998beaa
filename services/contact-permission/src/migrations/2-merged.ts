import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which features somebody has decided about, and into whom a contact was merged; what was decided for it then holds for that one. */
export class Merged implements MigrationInterface {
  readonly name = 'Merged1763700000006';

  async up(runner: QueryRunner): Promise<void> {
    // Until now nobody noted decisions: what is not as it is for a new contact was decided.
    await runner.query(`
      alter table permission add merged_into uuid, add decided text[] not null default '{}';
      create index permission_merged on permission (tenant_id, merged_into) where merged_into is not null;
      update permission set decided = array(
        select key from jsonb_each(permissions)
        where value <> jsonb_build_object('allowed', true, 'scope', case key when 'support' then 'own' else 'customer' end)
        order by key
      ) where permissions is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table permission drop merged_into, drop decided');
  }
}
