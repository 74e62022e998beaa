import { fc } from '@kontor/testing/properties';

// What has a meaning in a query, letters that are folded or joined, other scripts, and what is no whole character.
const SIGNS = [...'*?"~-:\\@.+/()%_\'’´‐–ʻ׳,;<>&|{}[]^$#=!', ' ', '\t', '\n', '\u00a0', '\u3000', '\0'];
const LETTERS = [...'abcmxzAMZäöüÄÖÜßẞéñøłæœþıİςＡ１0123456789'];
const SCRIPTS = [...'王伟欧阳ааяΣσकिกำ한글ガشע', '𠀀', '🔥', '👨‍👩‍👧', '👍🏽'];
const PIECES = ['\u0301', '\u0308', '\u00ad', '\u200c', '\u200d', '\ufe0f', '\ufeff', '\ud83d', '\udd25', '\udc00'];
const HEADS = [
  'last:',
  'phone:',
  'email:',
  'code:',
  'contractNo:',
  'a*b:',
  'größe:',
  'none:',
  ' -',
  ' "',
  '" ',
  '~1',
  '~2',
  '\\\\',
  '**',
  '030 ',
];

const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LETTERS) },
  { weight: 4, arbitrary: fc.constantFrom(...SIGNS) },
  { weight: 2, arbitrary: fc.constantFrom(...HEADS) },
  { weight: 1, arbitrary: fc.constantFrom(...SCRIPTS) },
  { weight: 1, arbitrary: fc.constantFrom(...PIECES) },
);

/** Texts that somebody might type to see what breaks. */
export const nastyText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: character, maxLength: 24 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 24 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 24 }) },
);
