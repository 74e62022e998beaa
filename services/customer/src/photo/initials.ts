const SHOWN = 2;
// A letter can have any number of combining marks; no script needs more code points than this.
const CODE_POINTS = 4;
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * The first letters of the first two of these names, in capitals; of a single name those of its first two words.
 * Names without a letter or digit give none.
 */
export function initialsOf(names: readonly string[]): string {
  const parts = names.length > 1 ? names : (names[0] ?? '').split(/\s+/);
  return parts.map(firstLetter).filter(Boolean).slice(0, SHOWN).join('');
}

function firstLetter(name: string): string {
  for (const { segment } of graphemes.segment(name.normalize('NFC').slice(0, 100)))
    if (/^[\p{L}\p{N}]/u.test(segment)) return capital(segment);
  return '';
}

/** Some letters have two capitals (ß, ﬁ); only the first one is used. */
function capital(letter: string): string {
  const [first] = graphemes.segment(letter.toUpperCase());
  return [...(first?.segment ?? '')].slice(0, CODE_POINTS).join('');
}
