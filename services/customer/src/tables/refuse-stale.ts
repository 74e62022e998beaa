import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';

interface Present {
  id?: string;
  version: number;
}

/**
 * Refuses a change based on another version than the present one. The error lists the fields changed since then (docs/rules.md 10) and those of the
 * requested change with their present values, so that the agent can decide without another request.
 */
export async function refuseStale(tx: EntityManager, present: Present, expected: number | undefined, change: object = {}): Promise<void> {
  if (expected === undefined || expected === present.version) return;
  const all = present as unknown as Record<string, unknown>;
  const rows: { field: string }[] = present.id
    ? await tx.query(
        'select distinct jsonb_object_keys(fields) as field from history where entry_id = $1 and version > $2 and fields is not null order by 1',
        [present.id, expected],
      )
    : [];
  const changed = rows.map(({ field }) => field);
  const names = [...new Set([...changed, ...Object.keys(change)])].filter((field) => field in all);
  throw new AppError(
    'stale',
    `This was changed meanwhile: it is at version ${present.version}, not ${expected}${changed.length > 0 ? ` (changed: ${changed.join(', ')})` : ''}; look at it again and repeat the change`,
    { version: present.version, changed, current: Object.fromEntries(names.map((field) => [field, all[field]])) },
  );
}
