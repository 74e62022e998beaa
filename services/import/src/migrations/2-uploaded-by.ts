import type { MigrationInterface, QueryRunner } from 'typeorm';

export class UploadedBy implements MigrationInterface {
  readonly name = 'UploadedBy1760000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table import add uploaded_by uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table import drop uploaded_by');
  }
}
