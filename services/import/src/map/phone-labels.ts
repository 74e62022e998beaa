import { truncate } from '@kontor/contracts';

type Kind = 'phone' | 'mobile' | 'fax';

const HEADER = /^\s*phone\s+(\d+)\s*-\s*(value|type|label)\s*$/i;

/** The column that says what a number is, by the place of the number's column: Google has `Phone 1 - Label`, formerly `- Type`, beside `Phone 1 - Value`. */
export function phoneLabelColumns(headers: readonly string[]): Map<number, number> {
  const places = new Map<string, number>();
  headers.forEach((header, i) => {
    const [, number, what] = HEADER.exec(header) ?? [];
    if (number && what) places.set(`${number} ${what.toLowerCase()}`, i);
  });
  return new Map(
    [...places].flatMap(([key, value]) => {
      const [number, what] = key.split(' ');
      const label = places.get(`${number} label`) ?? places.get(`${number} type`);
      return what === 'value' && label !== undefined ? [[value, label] as const] : [];
    }),
  );
}

const KINDS: [kind: Kind, words: RegExp][] = [
  ['fax', /(?:tele)?fax/i],
  ['mobile', /mobil\w*|cell\w*|handy/i],
];
const MAX_LABEL = 100;

/** What a label says: the kind of the number, and the rest of it, like `Work` of `Work Fax`. Google marks the primary number with a star. */
export function readPhoneLabel(cell: string, otherwise: Kind): { kind: Kind; label?: string } {
  const text = cell.replace(/^\s*\*\s*/, '').trim();
  const [kind, words] = KINDS.find(([, one]) => one.test(text)) ?? [otherwise, undefined];
  const label = truncate((words ? text.replace(words, ' ') : text).replace(/\s+/g, ' ').trim(), MAX_LABEL);
  return label ? { kind, label } : { kind };
}
