import { colognePhonetic } from 'cologne-phonetic';
import { doubleMetaphone } from 'double-metaphone';
import { pinyin } from 'pinyin-pro';
import { remembered } from './remembered.js';
import { isHan } from './words.js';

/**
 * The codes of how a folded word sounds; words that share one sound alike. Latin script: Kölner Phonetik and Double Metaphone;
 * Chinese: pinyin without tones, as a family name comes first and as any text.
 */
export const soundsOf: (word: string) => readonly string[] = remembered(codesOf);

function codesOf(word: string): string[] {
  if (/^[a-z]+$/.test(word)) {
    const codes = new Set(doubleMetaphone(word).map((code) => `m${code}`));
    codes.add(`c${colognePhonetic(word)}`);
    return [...codes].filter((code) => code.length > 1);
  }
  if (!isHan(word)) return [];
  const read = (name: boolean) =>
    pinyin(word, { toneType: 'none', type: 'array', ...(name && { mode: 'surname', surname: 'head' }) }).join('');
  return [...new Set([`p${read(true)}`, `p${read(false)}`])];
}
