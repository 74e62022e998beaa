// One text, written with or without what nobody sees, the points of Arabic and Hebrew, and the signs that join names.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { search } from '@kontor/contracts';
import { again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { untilMade, untilQuiet } from './index-status.js';
import { email, phone, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
const agent = anAgent();

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  await untilMade(world);
  await customer.adds(agent.tenant, [
    { employeeCode: '1', firstName: 'مُحَمَّد', lastName: 'علی' },
    { employeeCode: '2', firstName: 'محـــمد', lastName: 'أحمد' },
    { employeeCode: '3', lastName: 'שָׁלוֹם' },
    { employeeCode: '4', lastName: 'Mül\u200eler', emails: [email('ze\u200bro@mail.example')], phones: [phone('\u202a030 1234567\u202c')] },
    { employeeCode: '5', firstName: 'Keith', lastName: "O'Brien", notes: 'Foo Foo-Bar of Anne-Marie d’Arc' },
    { employeeCode: '6', firstName: '王', lastName: '小\u2060明' },
  ]);
  await untilQuiet(world, agent);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

test.each([
  ['محمد', '12'],
  ['مُحَمَّد', '12'],
  ['علي', '1'],
  ['احمد', '2'],
  ['إحمد', '2'],
  ['"محمد احمد"', '2'],
  ['שלום', '3'],
  ['שָׁלוֹם', '3'],
  ['müller', '4'],
  ['m\u00ad\u2066ül\ufeffler', '4'],
  ['zero@', '4'],
  ['\u202a030 1234567\u202c', '4'],
  ['030\u200f 123', '4'],
  ['小明', '6'],
  ['"keith obrien"', '5'],
  ['"keith o\'brien"', '5'],
  ['"foo foobar"', '5'],
  ['"foo foo bar"', '5'],
  ['"annemarie darc"', '5'],
  ['"anne marie darc"', '5'],
  ['"foobar of annemarie d arc"', '5'],
  ['"keith brien"', ''],
  ['"foo bar of annemarie arc"', ''],
])('%s', async (q, codes) => {
  const { hits } = await world.ask(again(agent), search, { q, limit: 50 });
  expect(
    hits
      .map(({ employeeCode }) => employeeCode)
      .toSorted()
      .join(''),
  ).toBe(codes);
  expect(hits.filter(({ matched }) => !matched.length)).toEqual([]);
});
