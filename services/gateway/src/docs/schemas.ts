import { z } from 'zod';

type Json = Record<string, unknown>;

const REF = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/** JSON Schemas of a document. What has an `id` becomes a component that others point to; the rest stands where it is used. */
export class Schemas {
  readonly components: Json = {};

  input(type: z.ZodType): Json {
    return this.add(type, 'input');
  }

  output(type: z.ZodType): Json {
    return this.add(type, 'output');
  }

  private add(type: z.ZodType, io: 'input' | 'output'): Json {
    // Under a member, because at the root a schema with an id would not be pointed to.
    const made = z.toJSONSchema(z.object({ it: type }), {
      io,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => tidy(jsonSchema, io),
    }) as Json;
    const definitions = (made.$defs ?? {}) as Record<string, Json>;
    // A default makes a member optional on the way in and sure on the way out: then the two are different components.
    const nameOf = (name: string) => {
      const known = this.components[name];
      return known === undefined ||
        sameAs(
          known,
          rename(definitions[name], (other) => other),
        )
        ? name
        : `${name}${io === 'input' ? 'Input' : 'Output'}`;
    };
    for (const name of Object.keys(definitions)) this.components[nameOf(name)] ??= rename(definitions[name], nameOf);
    return rename((made.properties as { it: Json }).it, nameOf) as Json;
  }
}

const sameAs = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Points to the components of the document, and leaves out what Zod adds for itself. */
function rename(schema: unknown, nameOf: (name: string) => string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => rename(item, nameOf));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]) => {
      if (key === '$ref' && typeof value === 'string' && value.startsWith(REF))
        return [[key, COMPONENTS + nameOf(value.slice(REF.length))]];
      return key === 'id' && typeof value === 'string' ? [] : [[key, rename(value, nameOf)]];
    }),
  );
}

function tidy(schema: z.core.JSONSchema.BaseSchema, io: 'input' | 'output'): void {
  // Answers may get more members with time; clients must not refuse them.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
  // That a whole number is one that JavaScript can count to goes without saying.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
