import type { Multipart } from '@fastify/multipart';
import { AppError, fieldErrors, invalid } from '@kontor/bus';
import { createImport, delimiter, type ErrorCode, externalSource, onKnown } from '@kontor/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { route } from '../http/route.js';
import { Uploads } from './uploads.js';

// As texts: the same options may stand in the address or in the form.
const UploadOptions = z.strictObject({
  kind: z.literal('contacts').optional(),
  start: z.enum(['true', 'false']).optional().describe('begin at once, with the proposed mapping'),
  onKnown: onKnown.optional().describe('what to do with rows that are known already'),
  delimiter: delimiter.optional(),
  source: externalSource.optional().describe('which system the external ids in the file are of'),
});

// Then the import may have been made all the same, and needs its file; what nobody needs, the store forgets after its age limit.
const OUTCOME_UNKNOWN: readonly ErrorCode[] = ['timeout', 'internal'];

export const upload = route('POST', '', {
  name: 'createImport',
  summary: createImport.summary,
  audience: createImport.audience,
  input: UploadOptions,
  form: UploadOptions.extend({ file: z.any().meta({ type: 'string', format: 'binary', description: 'the CSV file' }) }),
  output: createImport.output,
  status: 201,
  async answer({ bus, env, context, input, request, reply }) {
    if (!request.isMultipart())
      throw new AppError('unsupported', 'Send the file as multipart/form-data, in a part called "file" that has a file name');
    const uploads = new Uploads(bus, env.KONTOR_MAX_UPLOAD_MB);
    const given: Record<string, unknown> = { ...input };
    let stored: { file: string; fileName: string } | undefined;
    try {
      for await (const part of partsOf(request)) {
        if (part.type === 'field') given[part.fieldname] = part.value;
        else if (part.fieldname === 'file') stored = await uploads.store(part);
        else
          throw invalid([{ path: part.fieldname, message: 'is not the part for the file, which is called "file"', code: 'unknown-field' }]);
      }
      if (!stored)
        throw invalid([{ path: 'file', message: 'is missing: send the file in a part of this name, with a file name', code: 'missing' }]);
      const { start, ...options } = optionsIn(given);
      if (start === 'true') reply.code(202);
      return await bus.request(createImport, { ...options, ...stored, start: start === 'true' }, context);
    } catch (error) {
      // What the client still sends is read and dropped, so that it gets to read this answer.
      request.raw.unpipe().resume();
      if (stored && !(error instanceof AppError && OUTCOME_UNKNOWN.includes(error.code))) await uploads.forget(stored.file);
      throw error;
    }
  },
});

/** The parts of the form, in their order; what the parser finds wrong with it is the caller's to put right. */
async function* partsOf(request: FastifyRequest): AsyncGenerator<Multipart> {
  try {
    yield* request.parts();
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('FST_')) throw error;
    throw new AppError('invalid', `The form cannot be read: ${(error as Error).message}`);
  }
}

function optionsIn(given: Record<string, unknown>): z.output<typeof UploadOptions> {
  const parsed = UploadOptions.safeParse(given);
  if (!parsed.success) throw invalid(fieldErrors(parsed.error.issues));
  return parsed.data;
}
