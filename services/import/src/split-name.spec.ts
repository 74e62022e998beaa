import { expect, it } from '@jest/globals';
import { splitName } from './split-name.js';

it.each([
  ['Anna Meyer', 'Anna', 'Meyer'],
  ['Meyer, Anna Maria', 'Anna Maria', 'Meyer'],
  ['Anna Maria Meyer', 'Anna Maria', 'Meyer'],
  ['Ludwig van Beethoven', 'Ludwig', 'van Beethoven'],
  ['Anna von der Heide', 'Anna', 'von der Heide'],
  ['Van Morrison', 'Van', 'Morrison'],
  ['王伟', '伟', '王'],
  ['欧阳娜娜', '娜娜', '欧阳'],
  ['Meyer', undefined, 'Meyer'],
  ['Meyer,', undefined, 'Meyer'],
])('splits %s', (name, firstName, lastName) => {
  expect(splitName(name)).toEqual({ ...(firstName && { firstName }), lastName });
});
