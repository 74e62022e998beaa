import { z } from 'zod';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
const MAX_PICTURES = 10;

const Answer = z.object({ pictures: z.array(z.string()) });

/**
 * Asks the configured resolver for the pictures of a social link. The request goes to `template` with {url} replaced by the link; the response is `{
 * "pictures": ["https://…"] }`, of which entries that are not web addresses are dropped. The resolver is chosen by the operator and may be on a
 * private host.
 */
export async function fetchPictureUrls(template: string, link: string): Promise<string[]> {
  const answer = await fetch(template.replaceAll('{url}', encodeURIComponent(link)), {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`The picture resolver answers with status ${answer.status}`);
  }
  const { pictures } = read(await textOf(answer));
  return pictures
    .filter((url) => url.length <= 2048 && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))
    .slice(0, MAX_PICTURES);
}

/** The response may contain personal data, so none of it is put into errors, which are logged. */
function read(text: string): z.output<typeof Answer> {
  try {
    return Answer.parse(JSON.parse(text));
  } catch {
    throw new Error('The picture resolver must answer { "pictures": […] }');
  }
}

async function textOf(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new Error(`The picture resolver answers more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
