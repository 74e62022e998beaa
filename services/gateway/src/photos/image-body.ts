import { AppError } from '@kontor/bus';
import type { FastifyInstance } from 'fastify';
import { refuseCompressed } from '../http/json-body.js';

/** Takes images as bodies, whatever they say they are, in the routes that name image types; everywhere else they are refused. */
export function takeImages(http: FastifyInstance): void {
  http.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const { takes = {} } = request.routeOptions.config.route ?? {};
      if (!Object.keys(takes).some((type) => type.startsWith('image/')))
        throw new AppError('unsupported', 'This takes no image: send the body as application/json');
      refuseCompressed(request);
      done(null, body);
    } catch (error) {
      done(error as Error);
    }
  });
}
