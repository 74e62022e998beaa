export interface SplitName {
  firstName?: string;
  lastName?: string;
}

/** Words that belong to the last name behind them. */
const particles = new Set('von vom zu zum zur van de der den del della di da das do dos du la le las los ten ter tot'.split(' '));
/** The same, but only in small letters: with a capital they are names as well. */
const smallParticles = new Set("af al av ben bin el ibn op san santa st und y e 't 's d' het".split(' '));
/** Words behind a name that belong to it; those of the second kind are names as well, and count with a dot only. */
const generations = new Set('jr sr ii iii iv'.split(' '));
const degrees = new Set('phd md dds esq mba msc bsc llm cpa'.split(' '));
const dotted = new Set('jun sen junior senior ba ma'.split(' '));

const HAN = /^\p{Script=Han}+$/u;
const HANGUL = /^\p{Script=Hangul}+$/u;
/** Family names of two characters; all others that are common have one. */
const twoCharacters = new Set(
  '欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 司徒 司空 夏侯 南宫 南宮 端木 百里 轩辕 軒轅 独孤 獨孤 长孙 長孫 宇文 申屠 呼延 남궁 황보 제갈 선우 사공 독고 서문 동방'.split(
    ' ',
  ),
);

/**
 * A whole name as first and last name: "Meyer, Anna"; Chinese and Korean ones last name first; "Anna von Meyer" and "de la Cruz" with what belongs
 * to the last name, "Martin King Jr." too.
 */
export function splitName(name: string): SplitName {
  const [front = '', ...behind] = name.split(/[,，]/).map((part) => part.trim());
  const given = behind.filter((part) => part !== '');
  const isBehind = (text: string) => text.split(/\s+/).every(front.includes(' ') ? isSuffix : isGeneration);
  if (given.length > 0 && given.every(isBehind)) return inOrder(front, given.join(' '));
  if (front !== '' && behind.length > 0) return lastFirst(front, given);
  return inOrder(name, '');
}

/** "Cruz, Juan de la": what stands last in small letters belongs to the last name. */
function lastFirst(last: string, given: readonly string[]): SplitName {
  const titles = given.slice(1);
  const words = (given[0] ?? '').split(/\s+/);
  let first = words.length;
  while (first > 1 && isParticle(words[first - 1]!) && isSmall(words[first - 1]!)) first--;
  const suffix = titles.filter(isSuffix);
  const others = titles.filter((title) => !isSuffix(title));
  return parts([...words.slice(0, first), ...others].join(' '), [...words.slice(first), last, ...suffix].join(' '));
}

function inOrder(name: string, suffix: string): SplitName {
  const eastern = easternName(name);
  if (eastern) return eastern;
  const words = name.split(/\s+/).filter((word) => word !== '');
  let end = words.length;
  while (end > 1 && isSuffix(words[end - 1]!) && (end > 2 || isGeneration(words[end - 1]!))) end--;
  let last = end - 1;
  // "Ortega y Gasset": the word before "y" is a family name as well.
  while (last > 1 && isParticle(words[last - 1]!)) last -= words[last - 1] === 'y' && last > 2 ? 2 : 1;
  // "de la Cruz" and "van Gogh" alone have no first name; "Van Morrison" does.
  if (words.slice(0, Math.max(last, 0)).every((word) => isParticle(word) && isSmall(word))) last = 0;
  const tail = suffix ? [suffix] : [];
  return parts(words.slice(0, Math.max(last, 0)).join(' '), [...words.slice(Math.max(last, 0)), ...tail].join(' '));
}

/** A name in Chinese characters or Hangul: the family name comes first, but not in the transcribed names of others (约翰·史密斯). */
function easternName(name: string): SplitName | undefined {
  const foreign = name.split(/\s*[·•・]\s*/);
  if (foreign.length > 1 && foreign.every((part) => HAN.test(part))) return parts(foreign.slice(0, -1).join('·'), foreign.at(-1)!);
  const words = name.split(/\s+/);
  if (!words.every((word) => HAN.test(word)) && !words.every((word) => HANGUL.test(word))) return undefined;
  if (words.length === 2) return parts(words[1]!, words[0]!);
  const letters = [...name];
  if (words.length > 1 || letters.length < 2 || letters.length > 4) return undefined;
  const family = twoCharacters.has(letters.slice(0, 2).join('')) && letters.length > 2 ? 2 : letters.length === 4 ? 2 : 1;
  return parts(letters.slice(family).join(''), letters.slice(0, family).join(''));
}

const bare = (word: string) => word.replace(/\./g, '').toLowerCase();
const isGeneration = (word: string) => generations.has(bare(word)) || (word.includes('.') && dotted.has(bare(word)));
const isSuffix = (word: string) => isGeneration(word) || degrees.has(bare(word));
const isSmall = (word: string) => word === word.toLowerCase();
const isParticle = (word: string) => particles.has(word.toLowerCase()) || smallParticles.has(word);

const parts = (first: string, last: string): SplitName => ({
  ...(first.trim() && { firstName: first.trim() }),
  ...(last.trim() && { lastName: last.trim() }),
});
