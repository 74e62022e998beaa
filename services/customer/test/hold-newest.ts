import pg from 'pg';

/**
 * Locks the newest contact of a tenant, so that a job that works in the order of ids cannot finish before the lock is released. Returns the release
 * function.
 */
export async function holdNewestContact(url: string | undefined, tenant: string): Promise<() => Promise<void>> {
  const holder = new pg.Client(url);
  await holder.connect();
  await holder.query('begin');
  await holder.query('select 1 from contact where tenant_id = $1 order by id desc limit 1 for update', [tenant]);
  return async () => {
    await holder.query('rollback');
    await holder.end();
  };
}
