import { type CustomField, type CustomFieldValue, type FieldError, splitList } from '@kontor/contracts';

type Given = Record<string, CustomFieldValue | null | undefined>;

const isDate = (value: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) &&
  !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) &&
  new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);

/** What is wrong with a value for this field; undefined if it is valid. */
function problemWith(field: CustomField, value: CustomFieldValue): string | undefined {
  const options = field.options ?? [];
  switch (field.kind) {
    case 'text':
      return typeof value === 'string' ? (value.length > 1024 ? 'is longer than 1024 characters' : undefined) : 'must be text';
    case 'long_text':
      return typeof value === 'string' ? undefined : 'must be text';
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      // Beyond this, parsing the JSON number may already have lost digits.
      return Number.isInteger(value) && !Number.isSafeInteger(value)
        ? 'has more digits than a number can hold; a field of kind text can'
        : undefined;
    case 'date':
      return typeof value === 'string' && isDate(value) ? undefined : 'must be a date like 2026-01-31';
    case 'checkbox':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'select':
      return typeof value === 'string' && options.includes(value) ? undefined : `must be one of ${options.join(', ')}`;
    case 'multi_select':
      if (!Array.isArray(value) || !value.every((one) => options.includes(one))) return `must be a list of ${options.join(', ')}`;
      return new Set(value).size < value.length ? 'must not name an option twice' : undefined;
    case 'heading':
      return 'is a heading and holds no value';
  }
}

/** Checks values against the tenant's definitions for contacts or customers; unknown fields are refused by name. Null values are left out. */
export function checkCustomFields(
  given: Given,
  definitions: readonly CustomField[],
  noun: CustomField['for'],
  errors: FieldError[],
): Record<string, CustomFieldValue> {
  const checked: Record<string, CustomFieldValue> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    const field = definitions.find((one) => one.key === key && one.for === noun);
    const message = field ? problemWith(field, value) : `is not a custom field of a ${noun} here`;
    if (message) errors.push({ path: `customFields.${key}`, message, code: field ? 'invalid' : 'unknown-field' });
    else checked[key] = value;
  }
  return checked;
}

const YES = new Set('true yes y 1 x on ja j wahr an oui si sí 是 有 ✓ ✔ ☑'.split(' '));
const NO = new Set('false no n 0 off nein falsch aus non 否 无 ✗ ✘ ☐ -'.split(' '));

/** Options and answers are compared without regard to case and white space. */
const folded = (text: string) => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();

/** Parses a cell of an imported file as the field's kind; undefined if it does not fit. */
export function readCustomField(field: CustomField, cell: string): CustomFieldValue | undefined {
  const read = cellAs(field, cell);
  return read === undefined || problemWith(field, read) ? undefined : read;
}

/** Dates and numbers arrive in Kontor's own format: the import service has already converted those of the file. */
function cellAs({ kind, options = [] }: CustomField, cell: string): CustomFieldValue | undefined {
  const optionOf = (text: string) => options.find((one) => one === text) ?? options.find((one) => folded(one) === folded(text)) ?? text;
  const plain = folded(cell);
  switch (kind) {
    case 'number':
      return Number(/^-?\d+,\d+$/.test(cell) && !/^-?[1-9]\d{0,2},\d{3}$/.test(cell) ? cell.replace(',', '.') : cell);
    case 'checkbox':
      return plain === '' || NO.has(plain) ? false : YES.has(plain) || undefined;
    case 'select':
      return optionOf(cell);
    case 'multi_select':
      return options.includes(optionOf(cell)) ? [optionOf(cell)] : [...new Set(splitList(cell).map(optionOf))];
    default:
      return cell;
  }
}
