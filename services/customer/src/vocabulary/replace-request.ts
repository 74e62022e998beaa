import { AppError, invalid } from '@kontor/bus';
import type {
  CustomField,
  InputOf,
  removeCustomField,
  removeFieldOption,
  removeType,
  renameCustomField,
  renameFieldOption,
  renameTags,
  renameType,
  Settings,
} from '@kontor/contracts';
import { fieldIn, type Replacement } from '../settings/replacement.js';

/** A requested replacement. `undecided` is set if the request does not say what happens to existing values; then there must be none. */
export interface ReplaceRequest {
  replacement: Replacement;
  what: string;
  undecided?: string;
}

const unknown = (path: string, message: string) => invalid([{ path, message, code: 'unknown' }]);
const taken = (what: string, path: string) =>
  new AppError('conflict', `${path}: there is ${what} already; to merge the two, remove the old one with this one as its replacement`, {
    errors: [{ path, message: 'already exists', code: 'taken' }],
  });

export function renamedType({ types }: Settings, { from, to }: InputOf<typeof renameType>): ReplaceRequest {
  if (!types.includes(from)) throw unknown('from', `must be one of ${types.join(', ')}`);
  if (types.includes(to)) throw taken('such a type', 'to');
  return { what: `The type "${from}"`, replacement: { what: 'type', from, to } };
}

export function removedType({ types }: Settings, { type, replacement }: InputOf<typeof removeType>): ReplaceRequest {
  if (!types.includes(type)) throw unknown('type', `must be one of ${types.join(', ')}`);
  const others = types.filter((one) => one !== type);
  if (replacement && !others.includes(replacement)) throw unknown('replacement', `must be one of ${others.join(', ')}`);
  return {
    what: `The type "${type}"`,
    replacement: { what: 'type', from: type, to: replacement ?? null },
    ...(replacement === undefined && { undecided: 'name a replacement for them, or null for none' }),
  };
}

function knownField(settings: Settings, given: { for: CustomField['for']; key: string }, path = 'key'): CustomField {
  const field = fieldIn(settings, given.for, given.key);
  if (!field) throw unknown(path, `is not a custom field of a ${given.for} here`);
  return field;
}

export function renamedField(settings: Settings, given: InputOf<typeof renameCustomField>): ReplaceRequest {
  knownField(settings, given);
  const { for: noun, key, to } = given;
  if (fieldIn(settings, noun, to)) throw taken('such a field', 'to');
  return { what: `The custom field "${key}"`, replacement: { what: 'field', for: noun, key, to } };
}

export function removedField(settings: Settings, given: InputOf<typeof removeCustomField>): ReplaceRequest {
  const field = knownField(settings, given);
  const { for: noun, key, moveTo, drop } = given;
  if (moveTo !== undefined) {
    const other = knownField(settings, { for: noun, key: moveTo }, 'moveTo');
    if (!takes(other, field)) throw unknown('moveTo', `must be a field that accepts all values of it: values of "${key}" do not fit`);
  }
  return {
    what: `The custom field "${key}"`,
    replacement: { what: 'field', for: noun, key, to: moveTo ?? null },
    ...(moveTo === undefined && !drop && { undecided: 'say with moveTo which field gets the values, or drop them with drop: true' }),
  };
}

/** Whether every value of `field` is valid in `other`. */
function takes(other: CustomField, field: CustomField): boolean {
  if (other.key === field.key || other.kind === 'heading') return false;
  if (other.kind === field.kind) return (field.options ?? []).every((option) => other.options?.includes(option));
  const texts = ['text', 'select', 'date'];
  return (other.kind === 'text' || other.kind === 'long_text') && texts.includes(field.kind);
}

function knownOptions(settings: Settings, given: { for: CustomField['for']; key: string }, option: string, path: string): string[] {
  const { options } = knownField(settings, given);
  if (!options) throw unknown('key', 'is not a field with options');
  if (!options.includes(option)) throw unknown(path, `must be one of ${options.join(', ')}`);
  return options;
}

export function renamedOption(settings: Settings, given: InputOf<typeof renameFieldOption>): ReplaceRequest {
  const { for: noun, key, from, to } = given;
  if (knownOptions(settings, given, from, 'from').includes(to)) throw taken('such an option', 'to');
  return { what: `The option "${from}" of "${key}"`, replacement: { what: 'option', for: noun, key, from, to } };
}

export function removedOption(settings: Settings, given: InputOf<typeof removeFieldOption>): ReplaceRequest {
  const { for: noun, key, option, replacement } = given;
  const others = knownOptions(settings, given, option, 'option').filter((one) => one !== option);
  if (others.length === 0) throw unknown('option', 'is the only one of its field; remove the field instead');
  if (replacement && !others.includes(replacement)) throw unknown('replacement', `must be one of ${others.join(', ')}`);
  return {
    what: `The option "${option}" of "${key}"`,
    replacement: { what: 'option', for: noun, key, from: option, to: replacement ?? null },
    ...(replacement === undefined && { undecided: 'name a replacement for them, or null for none' }),
  };
}

export function renamedTags({ from, to }: InputOf<typeof renameTags>): ReplaceRequest {
  const others = [...new Set(from)].filter((tag) => tag !== to);
  if (others.length === 0) throw unknown('to', 'must not be the only tag in from');
  return { what: 'The tag', replacement: { what: 'tags', from: others, to } };
}
