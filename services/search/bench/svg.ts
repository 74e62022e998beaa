/** What was measured of one kind of query at one number of contacts, in ms; the goals are those of the p50 and p99 where there are any. */
export interface Point {
  contacts: number;
  p50: number;
  p99: number;
  goal50?: number;
  goal99?: number;
}
export interface Panel {
  title: string;
  points: readonly Point[];
}

const COLUMNS = 4;
const WIDTH = 210;
const HEIGHT = 150;
const MARGIN = { top: 74, left: 58, right: 16, bottom: 44 };
/** Inside of a panel, where the lines are. */
const PLOT = { width: 170, height: 88, top: 24 };

const STYLE = `
  svg { background: #ffffff; font: 11px system-ui, sans-serif; fill: #1f2937; }
  .title { font-size: 16px; font-weight: 600; } .name { font-weight: 600; } .quiet { fill: #6b7280; }
  .frame { fill: none; stroke: #d1d5db; } .grid { stroke: #e5e7eb; }
  .p50, .p99 { fill: none; stroke-width: 2; stroke-linejoin: round; } .goal { stroke-width: 1.2; stroke-dasharray: 4 3; }
  .p50 { stroke: #1d4ed8; } .p99 { stroke: #c2410c; } .dot50 { fill: #1d4ed8; } .dot99 { fill: #c2410c; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; fill: #e5e7eb; } .quiet { fill: #9ca3af; } .frame { stroke: #374151; } .grid { stroke: #1f2937; }
    .p50 { stroke: #60a5fa; } .p99 { stroke: #fb923c; } .dot50 { fill: #60a5fa; } .dot99 { fill: #fb923c; }
  }`;

const escapeXml = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const text = (x: number, y: number, content: string, more = '') => `<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`;
const short = (count: number) =>
  count >= 1e6 ? `${Math.round(count / 1e5) / 10} M` : count >= 1e3 ? `${Math.round(count / 1e3)} k` : `${count}`;

/** A place on a logarithmic axis; where there is a single value it stands in the middle. */
const scale = (from: number, to: number, length: number) => (value: number) =>
  to > from ? (Math.log(value / from) / Math.log(to / from)) * length : length / 2;
const powers = (from: number, to: number) => {
  const all: number[] = [];
  for (let power = 10 ** Math.round(Math.log10(from)); power <= to * 1.001; power *= 10) all.push(power);
  return all;
};

/** What all panels share. */
interface Axes {
  ticks: number[];
  powers: number[];
  at(contacts: number, ms: number): [number, number];
}

function axesOf(points: readonly Point[]): Axes {
  const ticks = [...new Set(points.map((point) => point.contacts))].sort((a, b) => a - b);
  const values = points.flatMap(({ p50, p99, goal50 = p50, goal99 = p99 }) => [p50, p99, goal50, goal99]);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const across = scale(ticks[0]!, ticks.at(-1)!, PLOT.width);
  const up = scale(lowest, highest, PLOT.height);
  return {
    ticks,
    powers: powers(lowest, highest),
    at: (contacts, ms) => [round(across(contacts)), round(PLOT.top + PLOT.height - up(ms))],
  };
}

/** One small picture for each kind, all with the same axes: milliseconds by number of contacts, both logarithmic. */
export function drawPanels(title: string, panels: readonly Panel[]): string {
  const axes = axesOf(panels.flatMap((panel) => panel.points));
  const width = MARGIN.left + COLUMNS * WIDTH + MARGIN.right;
  const height = MARGIN.top + Math.ceil(panels.length / COLUMNS) * HEIGHT + MARGIN.bottom - 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}\n</style>`,
    text(16, 28, title, 'class="title"'),
    ...legend(),
    ...panels.map((panel, place) => drawPanel(panel, place, axes)),
    text(width - MARGIN.right, height - 14, 'across: contacts, up: milliseconds, both logarithmic', 'class="quiet" text-anchor="end"'),
    '</svg>',
    '',
  ].join('\n');
}

const legend = () => [
  '<g transform="translate(16 50)">',
  ...['p50', 'p99'].flatMap((kind, i) => [
    `<polyline class="${kind}" points="${i * 90},-4 ${i * 90 + 24},-4"/>`,
    text(i * 90 + 30, 0, kind),
    `<polyline class="${kind} goal" points="${200 + i * 110},-4 ${224 + i * 110},-4"/>`,
    text(230 + i * 110, 0, `goal of ${kind}`),
  ]),
  '</g>',
];

function drawPanel({ title, points }: Panel, place: number, axes: Axes): string {
  const column = place % COLUMNS;
  return [
    `<g transform="translate(${MARGIN.left + column * WIDTH} ${MARGIN.top + Math.floor(place / COLUMNS) * HEIGHT})">`,
    text(0, 16, title, 'class="name"'),
    `<rect class="frame" x="0" y="${PLOT.top}" width="${PLOT.width}" height="${PLOT.height}"/>`,
    ...grid(axes, column === 0),
    line(points, axes, 'p50 goal', (point) => point.goal50),
    line(points, axes, 'p99 goal', (point) => point.goal99),
    line(points, axes, 'p50', (point) => point.p50),
    line(points, axes, 'p99', (point) => point.p99),
    ...points.flatMap(({ contacts, p50, p99 }) => [dot('dot50', axes.at(contacts, p50)), dot('dot99', axes.at(contacts, p99))]),
    '</g>',
  ].join('\n');
}

function grid({ ticks, powers: lines, at }: Axes, labelled: boolean): string[] {
  const bottom = PLOT.top + PLOT.height;
  return [
    ...lines.flatMap((ms) => {
      const [, y] = at(ticks[0]!, ms);
      const label = labelled ? [text(-6, y + 4, `${ms} ms`, 'class="quiet" text-anchor="end"')] : [];
      return [`<line class="grid" x1="0" x2="${PLOT.width}" y1="${y}" y2="${y}"/>`, ...label];
    }),
    ...ticks.map((contacts) => text(at(contacts, 1)[0], bottom + 14, short(contacts), 'class="quiet" text-anchor="middle"')),
  ];
}

function line(points: readonly Point[], { at }: Axes, kind: string, pick: (point: Point) => number | undefined): string {
  const places = points.flatMap((point): [number, number][] => {
    const ms = pick(point);
    return ms === undefined ? [] : [at(point.contacts, ms)];
  });
  const [first] = places;
  if (!first) return '';
  // A goal at a single size would be a point that nobody sees.
  const drawn =
    places.length === 1 && kind.endsWith('goal')
      ? [
          [0, first[1]],
          [PLOT.width, first[1]],
        ]
      : places;
  return `<polyline class="${kind}" points="${drawn.map((pair) => pair.join(',')).join(' ')}"/>`;
}

const dot = (kind: string, [x, y]: [number, number]) => `<circle class="${kind}" cx="${x}" cy="${y}" r="2.5"/>`;
const round = (value: number) => Math.round(value * 10) / 10;
