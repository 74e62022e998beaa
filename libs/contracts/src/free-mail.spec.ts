import { expect, it } from '@jest/globals';
import { isFreeMail } from './free-mail.js';

it.each([
  'gmail.com',
  'googlemail.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  'yahoo.co.uk',
  'yahoo.com.br',
  'hotmail.fr',
  'outlook.com',
  't-online.de',
  'qq.com',
  'icloud.com',
])('%s is a free mail provider', (domain) => expect(isFreeMail(domain)).toBe(true));
it.each([
  'firma.example',
  'gmail.firma.example',
  'mygmail.com',
  'live.firma.de',
  'yahoo-inc.com',
  'google.com',
  'müller.example',
  'outlook.example.com',
])('%s is not', (domain) => expect(isFreeMail(domain)).toBe(false));
