import type { FieldError } from '@kontor/contracts';
import { z } from 'zod';
import { fieldErrors, invalid } from './app-error.js';

// More names than the largest record takes that is checked as a whole (16 KB of JSON).
const MOST_NAMES = 4_000;

/** Looks for a list that is too long; what is in it is not looked at before. */
type Look = (value: unknown, path: PropertyKey[]) => z.core.$ZodIssue | undefined;
const looks = new WeakMap<z.core.$ZodType, { look?: Look }>();

/**
 * Parses input; what does not fit is one `invalid` that names each wrong field. Lists and records with too many entries are refused first,
 * by their length alone: millions of entries that are each wrong would take seconds and gigabytes to say so.
 */
export function parseInput<S extends z.ZodType>(
  schema: S,
  value: unknown,
  inTerms: (errors: FieldError[]) => FieldError[] = (errors) => errors,
): z.output<S> {
  const tooLong = lookFor(schema)?.(value, []);
  if (tooLong) throw invalid(inTerms(fieldErrors([tooLong])));
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(inTerms(fieldErrors(parsed.error.issues)));
  return parsed.data;
}

/** What looks through values of this schema, made once; none when there are no lists in them. */
function lookFor(schema: z.core.$ZodType): Look | undefined {
  const known = looks.get(schema);
  if (known) return known.look;
  const made: { look?: Look } = {};
  looks.set(schema, made);
  made.look = makeLook(schema as z.ZodType);
  return made.look;
}

function makeLook(schema: z.ZodType): Look | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return lookFor(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return lookFor(schema.def.in);
  if (schema instanceof z.ZodObject) return inObject(schema);
  if (schema instanceof z.ZodArray) return inArray(schema);
  if (schema instanceof z.ZodUnion) return inUnion(schema);
  if (schema instanceof z.ZodRecord)
    return (value, path) => {
      const names = isObject(value) ? Object.keys(value).length : 0;
      return names > MOST_NAMES
        ? { code: 'custom', path, message: `has ${names} names, and ${MOST_NAMES} are the most that is taken`, input: undefined }
        : undefined;
    };
  return undefined;
}

function inObject(schema: z.ZodObject): Look | undefined {
  const members = Object.entries(schema.shape).flatMap(([name, member]) => {
    const look = lookFor(member);
    return look ? [[name, look] as const] : [];
  });
  if (members.length === 0) return undefined;
  return (value, path) => {
    if (!isObject(value)) return undefined;
    for (const [name, look] of members) {
      const found = Object.hasOwn(value, name) ? look(value[name], [...path, name]) : undefined;
      if (found) return found;
    }
    return undefined;
  };
}

function inArray(schema: z.ZodArray): Look {
  // The same list of anything at all: its errors are about the length alone, in the words of the contract.
  const ofAnything = new z.ZodArray({ ...schema.def, element: z.unknown() });
  const most = schema.def.checks?.map((check) => check._zod.def).find(isMaximum)?.maximum ?? Number.POSITIVE_INFINITY;
  const inEach = lookFor(schema.element as z.ZodType);
  return (value, path) => {
    if (!Array.isArray(value)) return undefined;
    if (value.length > most) {
      const [issue] = ofAnything.safeParse(value).error?.issues ?? [];
      return issue && { ...issue, path };
    }
    for (let i = 0; inEach && i < value.length; i++) {
      const found = inEach(value[i], [...path, i]);
      if (found) return found;
    }
    return undefined;
  };
}

/** Too long only if it is for each kind of value that it could be. */
function inUnion(schema: z.ZodUnion): Look | undefined {
  const options = schema.def.options.map((option) => ({ list: isList(option as z.ZodType), look: lookFor(option) }));
  if (!options.some(({ look }) => look)) return undefined;
  return (value, path) => {
    const fitting = options.filter(({ list }) => list === undefined || list === Array.isArray(value));
    const found = fitting.map(({ look }) => look?.(value, path));
    return found.every(Boolean) ? found[0] : undefined;
  };
}

/** Whether it takes lists, or takes none; undefined for what takes anything. */
function isList(schema: z.ZodType): boolean | undefined {
  if (schema instanceof z.ZodUnknown || schema instanceof z.ZodAny) return undefined;
  if (schema instanceof z.ZodPipe) return isList(schema.def.in as z.ZodType);
  return schema instanceof z.ZodArray;
}

const isMaximum = (def: z.core.$ZodCheckDef): def is z.core.$ZodCheckMaxLengthDef => def.check === 'max_length';
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
