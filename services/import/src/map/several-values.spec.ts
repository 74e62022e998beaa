import { expect, it } from '@jest/globals';
import { splitEmails, splitPhones, splitWebsites } from './several-values.js';

it.each([
  ['0171 1234567 ::: 0172 7654321', ['0171 1234567', '0172 7654321']],
  ['030 1234567, 030 7654321', ['030 1234567', '030 7654321']],
  ['030 1234567;030 7654321', ['030 1234567', '030 7654321']],
  ['030 1234567\n030 7654321\r\n', ['030 1234567', '030 7654321']],
  ['+49 30 1234567 / +49 171 7654321', ['+49 30 1234567', '+49 171 7654321']],
  ['030 1234567 oder 0171 7654321', ['030 1234567', '0171 7654321']],
  ['4711 ::: 4712', ['4711', '4712']],
  ['030 / 1234567', ['030 / 1234567']],
  ['04321 / 123456', ['04321 / 123456']],
  ['0170/1234567', ['0170/1234567']],
  ['+1 212 555 0100,,123', ['+1 212 555 0100,,123']],
  ['tel:+49-30-1234567;ext=12', ['tel:+49-30-1234567;ext=12']],
  ['0800 FLOWERS', ['0800 FLOWERS']],
])('numbers in %j', (cell, numbers) => expect(splitPhones(cell)).toEqual(numbers));

it.each([
  ['a@a.example ::: b@b.example', [{ address: 'a@a.example' }, { address: 'b@b.example' }]],
  ['a@a.example;b@b.example, c@c.example', [{ address: 'a@a.example' }, { address: 'b@b.example' }, { address: 'c@c.example' }]],
  ['a@a.example / b@b.example', [{ address: 'a@a.example' }, { address: 'b@b.example' }]],
  ['a@a.example b@b.example', [{ address: 'a@a.example' }, { address: 'b@b.example' }]],
  ['Anna Meyer <a@a.example>', [{ address: 'a@a.example', name: 'Anna Meyer' }]],
  ['"Meyer, Anna" <a@a.example>, <b@b.example>', [{ address: 'a@a.example', name: 'Meyer, Anna' }, { address: 'b@b.example' }]],
  ['a@a.example, none', [{ address: 'a@a.example' }, { address: 'none' }]],
  ['none', [{ address: 'none' }]],
])('addresses in %j', (cell, addresses) => expect(splitEmails(cell)).toEqual(addresses));

it.each([
  ['a.example, b.example', ['a.example', 'b.example']],
  ['a.example;b.example', ['a.example', 'b.example']],
  ['https://a.example ::: https://b.example/x', ['https://a.example', 'https://b.example/x']],
  ['https://a.example/x https://b.example', ['https://a.example/x', 'https://b.example']],
  ['http://anna.example/a,b;c', ['http://anna.example/a,b;c']],
])('web addresses in %j', (cell, sites) => expect(splitWebsites(cell)).toEqual(sites));
