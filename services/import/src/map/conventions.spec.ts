import { expect, it } from '@jest/globals';
import { dateOrderIn, decimalSignIn } from './conventions.js';

it.each([
  ['US', 'mdy', '.'],
  ['GB', 'dmy', '.'],
  ['DE', 'dmy', ','],
  ['CH', 'dmy', '.'],
  ['FR', 'dmy', ','],
  ['AU', 'dmy', '.'],
  ['PH', 'mdy', '.'],
  ['CN', 'mdy', '.'],
  ['BR', 'dmy', ','],
  ['IN', 'dmy', '.'],
])('what is usual in %s: %s, 1%s5', (country, order, sign) =>
  expect([dateOrderIn(country), decimalSignIn(country)]).toEqual([order, sign]),
);
