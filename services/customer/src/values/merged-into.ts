import type { EntityManager } from 'typeorm';
import type { Noun } from './keys.js';

/** What this one was merged into, however often; nothing when it was not merged. */
export async function mergedInto(tx: EntityManager, noun: Noun, id: string): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `with recursive way as (
       select merged_into as id from ${noun} where id = $1 and merged_into is not null
       union select t.merged_into from ${noun} t join way w on t.id = w.id where t.merged_into is not null
     ) select id from way`,
    [id],
  );
  return rows.map((row) => row.id);
}
