import { AppError, type Bus, currentContext, isTransient } from '@kontor/bus';
import { type CustomField, getSettings } from '@kontor/contracts';
import type { DateOrder } from './read-date.js';
import type { DecimalSign } from './read-number.js';

/** What is usual in a tenant, as it is needed to read a file. */
export interface Conventions {
  country: string;
  /** The kinds of the custom fields of contacts, by key. */
  customFields: Record<string, CustomField['kind']>;
}

const ANSWER_WITHIN_MS = 3_000;

/** Fails when the customer service cannot be asked. */
export async function readConventions(bus: Bus): Promise<Conventions> {
  const context = { ...currentContext(), deadline: Date.now() + ANSWER_WITHIN_MS };
  const { country, customFields } = await bus.request(getSettings, {}, context);
  return {
    country,
    customFields: Object.fromEntries(customFields.flatMap((field) => (field.for === 'contact' ? [[field.key, field.kind]] : []))),
  };
}

/** What the work gives, or null when only somebody who is asked is away. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && isTransient(error)) return null;
    throw error;
  }
}

/** The locale that most people of a country write in, with what CLDR knows of it. */
const localeOf = (country: string) => `${new Intl.Locale('und', { region: country }).maximize().language}-${country}`;

/** Whether the day or the month comes first in a country's short dates. */
export function dateOrderIn(country: string): DateOrder {
  const parts = new Intl.DateTimeFormat(localeOf(country), { day: 'numeric', month: 'numeric' }).formatToParts(0);
  return parts.find(({ type }) => type === 'day' || type === 'month')?.type === 'month' ? 'mdy' : 'dmy';
}

/** What stands before the decimals of a number in a country. */
export const decimalSignIn = (country: string): DecimalSign =>
  new Intl.NumberFormat(localeOf(country), { numberingSystem: 'latn' }).format(1.5).includes(',') ? ',' : '.';
