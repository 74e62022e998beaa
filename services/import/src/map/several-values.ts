/** Numbers in one cell: several where every part is one by itself, so that "030 / 1234567" stays one. */
export function splitPhones(cell: string): string[] {
  const lines = parts(cell, /:::|[\r\n]+|;(?!\s*(?:ext|isub|phone-context|postd)\b)/i);
  return lines.flatMap((line) => {
    const some = parts(line, /[,/|]|\s(?:and|or|und|oder|&)\s/i);
    return some.every((one) => digitsIn(one) >= ALONE) ? some : [line];
  });
}
/** Fewer digits may be an area code or an extension. */
const ALONE = 7;
const digitsIn = (text: string) => text.replace(/\D/g, '').length;

export interface CellAddress {
  address: string;
  /** Who it says it is of, as mail programs write it: Anna Meyer <anna@a.example>. */
  name?: string;
}

/** E-mail addresses in one cell; what is none stays a value of its own, so that its row can say so. */
export function splitEmails(cell: string): CellAddress[] {
  const found: CellAddress[] = [];
  let before = '';
  const some = parts(cell, /:::|[,;|\r\n]|\s\/\s|(?<=@\S{1,300})\s+(?=\S{1,300}@)/);
  some.forEach((part, i) => {
    const text = before ? `${before}, ${part}` : part;
    // A name that has the separator in it: "Meyer, Anna" <anna@a.example>.
    const isNameOfNext = !part.includes('@') && some.slice(i + 1).some((one) => /<[^<>\s]+@[^<>\s]+>/.test(one));
    before = isNameOfNext ? text : '';
    if (!isNameOfNext) found.push(addressIn(text));
  });
  return found;
}

function addressIn(text: string): CellAddress {
  const [, name = '', address] = /^([^<>]*)<\s*([^<>\s]+@[^<>\s]+?)\s*>$/.exec(text) ?? [];
  if (!address) return { address: text };
  const said = name.replace(/^[\s"']+|[\s"']+$/g, '');
  return said && !said.includes('@') ? { address, name: said } : { address };
}

/** Web addresses in one cell. A comma or semicolon may be part of one, so it parts them only where another clearly begins. */
export function splitWebsites(cell: string): string[] {
  const some = parts(cell, /:::|[\r\n|]+|[,;]\s+|\s+\/\s+|[,;](?=https?:\/\/|www\.)|\s+(?=https?:\/\/|www\.)/i);
  return some.flatMap((one) => {
    const hosts = parts(one, /[,;]/);
    return hosts.every((host) => /^(https?:\/\/)?[^\s/?#]+\.[^\s/?#]+$/i.test(host)) ? hosts : [one];
  });
}

const parts = (text: string, at: RegExp): string[] =>
  text
    .split(at)
    .map((part) => part.trim())
    .filter((part) => part !== '');
