import { expect, test } from '@jest/globals';
import { soundsOf } from './sounds.js';

const alike = (a: string, b: string) => soundsOf(a).some((code) => soundsOf(b).includes(code));

test.each([
  ['meier', 'mayer'],
  ['meier', 'maier'],
  ['muller', 'mueller'],
  ['schmidt', 'schmitt'],
  ['stephan', 'stefan'],
  ['smith', 'schmidt'],
  ['王伟', '王维'],
  ['曾', '增'],
])('%s sounds like %s', (a, b) => expect(alike(a, b)).toBe(true));

test.each([
  ['meier', 'schulz'],
  ['王伟', '王芳'],
  ['王伟', 'wangwei'],
  ['123', '123'],
  ['h', 'h'],
])('%s does not sound like %s', (a, b) => expect(alike(a, b)).toBe(false));

test('Kölner Phonetik and Double Metaphone give their published codes', () => {
  expect(soundsOf('wikipedia')).toContain('c3412');
  expect(soundsOf('mullerludenscheidt')).toContain('c65752682');
  expect(soundsOf('schmidt')).toEqual(['mXMT', 'mSMT', 'c862']);
});
