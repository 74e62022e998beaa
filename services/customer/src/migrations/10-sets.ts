import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indexes for sets: contacts without a customer, restricted contacts, and rows in the bin in the order of ids. */
export class Sets implements MigrationInterface {
  readonly name = 'Sets1763700000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index contact_guarded on contact (tenant_id, id) where readers is not null and deleted_at is null;
      create index contact_alone on contact (tenant_id, sort_name, id) where customer_id is null and deleted_at is null;
      ${['contact', 'customer']
        .map(
          (noun) => `
      create index ${noun}_gone on ${noun} (tenant_id, id) where deleted_at is not null;`,
        )
        .join('')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index contact_alone, contact_guarded, contact_gone, customer_gone');
  }
}
