import { expect, test } from '@jest/globals';
import { Wakeable } from './wakeable.js';

const FOR_EVER = 2 ** 31 - 1;

test('a rest ends on wake-up; a wake-up before it ends it immediately, and only one', async () => {
  const wakeable = new Wakeable(FOR_EVER);
  wakeable.wake();
  await wakeable.rest();
  let isResting = true;
  const rest = wakeable.rest().then(() => {
    isResting = false;
  });
  await new Promise(setImmediate);
  expect(isResting).toBe(true);
  wakeable.wake();
  await rest;
  expect(wakeable.takeWakeUp()).toBe(false);
});

test('a wake-up is taken once', () => {
  const wakeable = new Wakeable(FOR_EVER);
  expect(wakeable.takeWakeUp()).toBe(false);
  wakeable.wake();
  expect(wakeable.takeWakeUp()).toBe(true);
  expect(wakeable.takeWakeUp()).toBe(false);
});
