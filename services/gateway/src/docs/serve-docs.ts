import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { apiDocument } from './api-document.js';

/** Pages to read and try the API under /docs; everything they load comes from here. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument() as unknown as OpenAPIObject, {
    raw: false,
    customSiteTitle: 'Kontor API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, defaultModelsExpandDepth: 0 },
  });
}
