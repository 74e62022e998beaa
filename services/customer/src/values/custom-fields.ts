import { type CustomField, type CustomFieldValue, type FieldError, splitList } from '@kontor/contracts';

type Given = Record<string, CustomFieldValue | null | undefined>;

const isDate = (value: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) &&
  !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) &&
  new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);

/** What is wrong with a value for this field, or undefined. */
function objection(field: CustomField, value: CustomFieldValue): string | undefined {
  const options = field.options ?? [];
  switch (field.kind) {
    case 'text':
      return typeof value === 'string' ? (value.length > 1024 ? 'is longer than 1024 characters' : undefined) : 'is no text';
    case 'long_text':
      return typeof value === 'string' ? undefined : 'is no text';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'is no number';
    case 'date':
      return typeof value === 'string' && isDate(value) ? undefined : 'is no date like 2026-01-31';
    case 'checkbox':
      return typeof value === 'boolean' ? undefined : 'is neither true nor false';
    case 'select':
      return typeof value === 'string' && options.includes(value) ? undefined : `is none of ${options.join(', ')}`;
    case 'multi_select':
      return Array.isArray(value) && value.every((one) => options.includes(one)) ? undefined : `is no list of ${options.join(', ')}`;
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
    const message = field ? objection(field, value) : `is no custom field of a ${noun} here`;
    if (message) errors.push({ path: `customFields.${key}`, message, code: field ? 'invalid' : 'unknown-field' });
    else checked[key] = value;
  }
  return checked;
}

const YES = ['true', 'yes', 'y', '1', 'x', 'ja', 'wahr', '是'];
const NO = ['false', 'no', 'n', '0', '', 'nein', 'falsch', '否'];

/** Reads a cell of an imported file as the field's kind; undefined when it cannot be read as that. */
export function readCustomField(field: CustomField, cell: string): CustomFieldValue | undefined {
  const plain = cell.toLowerCase();
  const read: CustomFieldValue | undefined =
    field.kind === 'number'
      ? Number(/^-?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell)
      : field.kind === 'checkbox'
        ? YES.includes(plain) || (NO.includes(plain) ? false : undefined)
        : field.kind === 'multi_select'
          ? splitList(cell)
          : cell;
  return read === undefined || objection(field, read) ? undefined : read;
}
