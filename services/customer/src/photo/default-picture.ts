import { initialsOf } from './initials.js';
import { etagOf } from './photo.table.js';

// Dark enough for white letters (a contrast of at least 4.5).
const colours = ['#1d4ed8', '#0f766e', '#b91c1c', '#7e22ce', '#15803d', '#a21caf', '#9a3412', '#334155'];
const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escapeXml = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

/** The default picture: the initials, on a colour derived from the id. */
export function defaultPicture({ id, names }: { id: string; names: readonly string[] }) {
  const colour = colours[Number.parseInt(id.slice(-2), 16) % colours.length];
  const svg = [
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200">',
    `<rect width="200" height="200" fill="${colour}"/>`,
    '<text x="100" y="100" dy=".35em" text-anchor="middle" fill="#fff" font-size="80" ',
    `font-family="system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif">`,
    `${escapeXml(initialsOf(names)) || '?'}</text></svg>`,
  ];
  const image = Buffer.from(svg.join(''));
  return { image, mediaType: 'image/svg+xml' as const, etag: etagOf(image) };
}
