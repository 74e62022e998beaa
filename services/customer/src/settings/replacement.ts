import type { CustomField, CustomFieldValue, Settings } from '@kontor/contracts';
import type { Columns, Noun } from '../sql/rows.js';

/** A value that contacts and customers have, and its replacement; null removes it. */
export type Replacement =
  | { what: 'type'; from: string; to: string | null }
  | { what: 'field'; for: Noun; key: string; to: string | null }
  | { what: 'option'; for: Noun; key: string; from: string; to: string | null }
  | { what: 'tags'; from: string[]; to: string };

/** The fields of an entry that a replacement can change. */
export interface Replaceable {
  type: string | null;
  tags: string[];
  customFields: Record<string, CustomFieldValue>;
}

export const columnOf = ({ what }: Replacement): Columns =>
  what === 'type' ? { type: 'text' } : what === 'tags' ? { tags: 'jsonb' } : { customFields: 'jsonb' };

/** The fields of an entry with the new value in place of the old one. */
export function replaceIn(row: Replaceable, replacement: Replacement): Partial<Replaceable> {
  switch (replacement.what) {
    case 'type':
      return row.type === replacement.from ? { type: replacement.to } : {};
    case 'tags':
      return { tags: [...new Set(row.tags.map((tag) => (replacement.from.includes(tag) ? replacement.to : tag)))] };
    case 'field': {
      const { [replacement.key]: value, ...others } = row.customFields;
      const { to } = replacement;
      // A value already in the target field was put there on purpose.
      return { customFields: value === undefined || to === null || to in others ? others : { ...others, [to]: value } };
    }
    case 'option': {
      const { key } = replacement;
      const { [key]: value, ...others } = row.customFields;
      const now = value === undefined ? undefined : withoutOption(value, replacement.from, replacement.to);
      return { customFields: now === undefined ? others : { ...row.customFields, [key]: now } };
    }
  }
}

/** What remains chosen; undefined if nothing does. */
function withoutOption(value: CustomFieldValue, from: string, to: string | null): CustomFieldValue | undefined {
  if (!Array.isArray(value)) return value === from ? (to ?? undefined) : value;
  const chosen = [...new Set(value.flatMap((one) => (one === from ? (to ?? []) : one)))];
  return chosen.length > 0 ? chosen : undefined;
}

export const fieldIn = (settings: Settings, noun: Noun, key: string): CustomField | undefined =>
  settings.customFields.find((field) => field.for === noun && field.key === key);

/** The settings during a replacement: the new value beside the old one. */
export function settingsDuring(settings: Settings, replacement: Replacement): Settings {
  switch (replacement.what) {
    case 'type':
      return { ...settings, types: insertAfter(settings.types, replacement.from, replacement.to) };
    case 'tags':
      return settings;
    case 'field': {
      const { to, for: noun } = replacement;
      const field = fieldIn(settings, noun, replacement.key);
      if (!field || to === null || fieldIn(settings, noun, to)) return settings;
      return { ...settings, customFields: settings.customFields.flatMap((one) => (one === field ? [one, { ...one, key: to }] : one)) };
    }
    case 'option':
      return withOptions(settings, replacement, (options) => insertAfter(options, replacement.from, replacement.to));
  }
}

/** The settings after a replacement, without the old value. */
export function settingsAfter(settings: Settings, replacement: Replacement): Settings {
  switch (replacement.what) {
    case 'type':
      return { ...settings, types: settings.types.filter((type) => type !== replacement.from) };
    case 'tags':
      return settings;
    case 'field':
      return {
        ...settings,
        customFields: settings.customFields.filter((field) => field.for !== replacement.for || field.key !== replacement.key),
      };
    case 'option':
      return withOptions(settings, replacement, (options) => options.filter((option) => option !== replacement.from));
  }
}

/** Whether the settings have the new value; an admin may have removed it meanwhile. */
export function isKnown(settings: Settings, replacement: Replacement): boolean {
  if (replacement.to === null) return true;
  switch (replacement.what) {
    case 'type':
      return settings.types.includes(replacement.to);
    case 'tags':
      return true;
    case 'field':
      return fieldIn(settings, replacement.for, replacement.to) !== undefined;
    case 'option':
      return fieldIn(settings, replacement.for, replacement.key)?.options?.includes(replacement.to) ?? false;
  }
}

const insertAfter = (list: readonly string[], from: string, to: string | null): string[] =>
  to === null || list.includes(to) ? [...list] : list.flatMap((one) => (one === from ? [one, to] : one));

function withOptions(
  settings: Settings,
  { for: noun, key }: { for: Noun; key: string },
  change: (options: string[]) => string[],
): Settings {
  const customFields = settings.customFields.map((field) =>
    field.for === noun && field.key === key && field.options ? { ...field, options: change(field.options) } : field,
  );
  return { ...settings, customFields };
}
