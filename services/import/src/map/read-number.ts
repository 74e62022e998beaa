export type DecimalSign = ',' | '.';

const GROUPING = /[\s\u00a0\u2009\u202f'’](?=\d{3}(?!\d))/g;
const SIGNS = /^[-+]?\d[\d.,]*$/;

/** What a value proves about its column: the sign before its decimals. Nothing where there is no sign, or one that may stand before thousands as well. */
export function provenDecimalSign(cell: string): DecimalSign | undefined {
  // Nearly every cell of a file comes by here.
  if (cell.length > 64 || cell.charCodeAt(0) > 57 || !/^[-+]?\d+[\s.,'’]/.test(cell)) return undefined;
  const number = plain(cell);
  return number === undefined ? undefined : signIn(number);
}

const plain = (cell: string): string | undefined => {
  const number = cell.replace(GROUPING, '');
  return SIGNS.test(number) ? number : undefined;
};

function signIn(number: string): DecimalSign | undefined {
  const signs = number.replace(/[^.,]/g, '');
  const last = signs.at(-1) as DecimalSign | undefined;
  if (!last) return undefined;
  if (signs.includes(last === ',' ? '.' : ',')) return last;
  if (signs.length > 1) return last === ',' ? '.' : ',';
  return /^[-+]?[1-9]\d{0,2}[.,]\d{3}$/.test(number) ? undefined : last;
}

/**
 * A number of a file as JSON has it, or why it is ambiguous. `sign` is what the column proves. Where it proves nothing, a sign that may stand
 * before thousands does so if it is not the sign before decimals in the tenant's country; otherwise nobody can know.
 */
export function readNumber(
  cell: string,
  sign: DecimalSign | undefined,
  usual: DecimalSign | undefined,
): { value: string } | { problem: string } {
  if (isShortened(cell)) return { problem: SHORTENED };
  const number = plain(cell);
  if (number === undefined)
    return /^[-+]?\d*\.?\d+(e[-+]?\d+)?$/i.test(cell) ? exact(cell.toLowerCase().replace('+', '')) : { problem: 'must be a number' };
  const written = number.match(/[.,]/)?.[0] as DecimalSign | undefined;
  let decimal = signIn(number);
  if (written && !decimal) {
    if (!sign && (!usual || usual === written))
      return { problem: `may be ${number.replace(written, '.')} or ${number.replace(written, '')}` };
    decimal = sign ?? usual;
  }
  const [whole = '', decimals, ...others] = decimal ? number.split(decimal) : [number];
  if (others.length > 0 || /[.,]/.test(decimals ?? '') || !/^[-+]?(\d+|\d{1,3}([.,]\d{3})+)$/.test(whole))
    return { problem: 'must be a number' };
  return exact(`${whole.replace(/[.,+]/g, '')}${decimals ? `.${decimals}` : ''}`);
}

/** Digits that a number of a computer cannot hold are never rounded. */
function exact(value: string): { value: string } | { problem: string } {
  const digits = value
    .replace(/e.*$/, '')
    .replace(/^-/, '')
    .replace(/^[0.]+/, '');
  const significant = (digits.includes('.') || value.includes('.') ? digits.replace(/0+$/, '') : digits).replace('.', '');
  const number = Number(value);
  const holds = Number.isFinite(number) && (Number.isInteger(number) ? Number.isSafeInteger(number) : significant.length <= 15);
  return holds ? { value: String(number) } : { problem: 'has more digits than a number can hold; a field of kind text can' };
}

export const SHORTENED = 'has been shortened by the spreadsheet; show the column as text or without decimals and export it again';

/** "4.91512E+11": how spreadsheets write a long number, whose other digits are gone. */
export function isShortened(cell: string): boolean {
  const [, decimals = '', exponent = ''] = /^[-+]?\d(?:[.,](\d+))?E\+?(\d{1,3})$/i.exec(cell) ?? [];
  return exponent !== '' && Number(exponent) >= 11 && Number(exponent) > decimals.length;
}
