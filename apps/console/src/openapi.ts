import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ApiError } from './errors/api-error.ts';
import { version } from './version.ts';

/** The OpenAPI document of this API, made once from the routes and their schemas. */
export class OpenApi {
  #document: OpenAPIObject | null = null;

  describe(app: INestApplication): void {
    const base = new DocumentBuilder().setTitle('Sallyport').setDescription('The operators’ API. Who may use which route is in the README of the console.').setVersion(version).addBearerAuth();
    this.#document = SwaggerModule.createDocument(app, base.build());
  }

  get document(): OpenAPIObject {
    if (this.#document === null) throw new ApiError('unavailable', 'the service is starting');
    return this.#document;
  }
}
