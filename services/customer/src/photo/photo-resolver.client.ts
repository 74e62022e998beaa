import { z } from 'zod';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
const MAX_PICTURES = 10;

const Answer = z.object({ pictures: z.array(z.string()) });

/**
 * Asks the configured resolver which pictures a social link has. It is at `template` with the link in the place of {url} and answers
 * `{ "pictures": ["https://…"] }`; what is no https address is left out. Its own host is the operator's choice and may be a private one.
 */
export async function fetchPictureUrls(template: string, link: string): Promise<string[]> {
  const answer = await fetch(template.replaceAll('{url}', encodeURIComponent(link)), {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`The resolver of pictures answers ${answer.status}`);
  }
  const { pictures } = read(await textOf(answer));
  return pictures
    .filter((url) => url.length <= 2048 && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))
    .slice(0, MAX_PICTURES);
}

/** The answer may name people, so nothing of it goes into an error, which is logged. */
function read(text: string): z.output<typeof Answer> {
  try {
    return Answer.parse(JSON.parse(text));
  } catch {
    throw new Error('The resolver of pictures answers something else than { "pictures": […] }');
  }
}

async function textOf(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new Error(`The resolver of pictures answers more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
