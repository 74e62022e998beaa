import { expect, it } from '@jest/globals';
import { sniff } from './sniff.js';

it.each([
  ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'image/png'],
  ['\xff\xd8\xff\xe0\0\x10JFIF', 'image/jpeg'],
  ['\xff\xd8\xff\xe1\0\x10Exif', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a\x01', 'image/gif'],
  ['RIFF\x24\0\0\0WEBPVP8 ', 'image/webp'],
  ['RIFF\x24\0\0\0WAVEfmt ', undefined],
  ['<svg xmlns="http://www.w3.org/2000/svg"/>', undefined],
  ['\0\0\0\x18ftypheic', undefined],
  ['\0\0\0\x18ftypavif', undefined],
  ['II*\0', undefined],
  ['BM', undefined],
  ['%PDF-1.7', undefined],
  ['<!doctype html>', undefined],
  [' GIF89a', undefined],
  ['\x89PNG', undefined],
  ['', undefined],
])('%j is %s', (bytes, type) => expect(sniff(Buffer.from(bytes, 'latin1'))).toBe(type));
