import { describe, expect, it } from '@jest/globals';
import * as contracts from '@kontor/contracts';
import { z } from 'zod';

// What is on the wire, contract by contract: a change of it shows in the review of the snapshot. Adding something optional is fine;
// anything else breaks services and clients that still run the old version.
const schema = (type: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(type, { io, unrepresentable: 'any' });

const all = Object.values(contracts).filter((value) => typeof value === 'object' && 'kind' in value);
const requests = all.filter((value) => value.kind === 'request');
const events = all.filter((value) => value.kind === 'event');

describe('requests', () => {
  it.each(requests.map((contract) => [contract.subject, contract] as const))('%s', (_, { audience, timeoutMs, input, output }) => {
    expect({ audience, timeoutMs, input: schema(input, 'input'), output: schema(output, 'output') }).toMatchSnapshot();
  });
});

describe('events', () => {
  it.each(events.map((contract) => [contract.subject, contract] as const))('%s', (_, { lanes, payload }) => {
    expect({ lanes, payload: schema(payload, 'output') }).toMatchSnapshot();
  });
});

it('each has a subject of its own', () => {
  const subjects = [...requests, ...events].map(({ subject }) => subject);
  expect(new Set(subjects).size).toBe(subjects.length);
});
