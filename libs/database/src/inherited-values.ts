/** What was decided for a contact, and into whom it was merged. */
export interface Decisions<K extends string, V> {
  contactId: string;
  mergedInto: string | null;
  values: Record<K, V>;
  /** The keys that somebody has decided about for this contact. */
  decided: readonly K[];
}

interface Rules<K extends string, V> {
  defaults: Readonly<Record<K, V>>;
  least(a: V, b: V): V;
}

/**
 * The values of a contact with those of everybody who was merged into it (docs/rules.md 9.3): a key that somebody has decided about for it has that
 * value. One that nobody has is as it was decided for those who were merged into it, the least where they differ: nobody gets by a merge what was
 * switched off for them. Works on what each row says, so undoing a merge leaves no trace.
 */
export function inheritedValues<K extends string, V>(
  rules: Rules<K, V>,
  contactId: string,
  rows: readonly Decisions<K, V>[],
): Record<K, V> {
  const own = rows.find((row) => row.contactId === contactId)?.values ?? rules.defaults;
  return { ...own, ...decidedFor(rules, contactId, rows, new Set()) };
}

function decidedFor<K extends string, V>(
  rules: Rules<K, V>,
  contactId: string,
  rows: readonly Decisions<K, V>[],
  above: ReadonlySet<string>,
): Partial<Record<K, V>> {
  const met = new Set([...above, contactId]);
  const all: Partial<Record<K, V>> = {};
  // Events in another order than things happened can say for a moment that two are merged into each other.
  for (const row of rows.filter(({ mergedInto, contactId: id }) => mergedInto === contactId && !met.has(id)))
    for (const [key, theirs] of Object.entries(decidedFor(rules, row.contactId, rows, met)) as [K, V][])
      all[key] = rules.least(all[key] ?? theirs, theirs);
  const own = rows.find((row) => row.contactId === contactId);
  for (const key of own?.decided ?? []) all[key] = own?.values[key];
  return all;
}
