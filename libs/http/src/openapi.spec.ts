import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { healthOperations } from './health.js';
import { type Operation, openApiDocument } from './openapi.js';

const write: Operation = {
  id: 'writeNote',
  method: 'POST',
  path: '/notes/{id}',
  summary: 'Writes a note',
  query: z.strictObject({ limit: z.coerce.number().int().max(9).default(5).describe('how many') }),
  headers: z.object({ 'Idempotency-Key': z.string() }),
  body: { 'application/json': z.strictObject({ text: z.string().min(1) }) },
  answer: {
    status: 202,
    description: 'taken in',
    content: { 'application/json': z.object({ id: z.string() }) },
  },
  problems: ['malformed', 'too_large'],
};

describe('the description', () => {
  it('says of a call what its schemas say', () => {
    expect(openApiDocument([write], '1.2.3')).toMatchObject({
      openapi: '3.1.1',
      info: { version: '1.2.3' },
      paths: {
        '/notes/{id}': {
          post: {
            operationId: 'writeNote',
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
              {
                name: 'limit',
                in: 'query',
                required: false,
                description: 'how many',
                schema: { type: 'integer', maximum: 9, default: 5 },
              },
              { name: 'Idempotency-Key', in: 'header', required: true, schema: { type: 'string' } },
            ],
            requestBody: {
              content: {
                'application/json': {
                  schema: {
                    properties: { text: { type: 'string', minLength: 1 } },
                    required: ['text'],
                    additionalProperties: false,
                  },
                },
              },
            },
            responses: {
              202: {
                content: { 'application/json': { schema: { properties: { id: { type: 'string' } } } } },
              },
              400: { description: 'code `malformed`' },
              413: { description: 'code `too_large`' },
              default: {},
            },
          },
        },
      },
    });
  });

  it('keeps the calls of one path together', () => {
    const read = { ...write, id: 'readNote', method: 'GET' as const };
    expect(openApiDocument([write, read], '1')['paths']).toEqual({
      '/notes/{id}': {
        post: expect.objectContaining({ operationId: 'writeNote' }),
        get: expect.objectContaining({ operationId: 'readNote' }),
      },
    });
  });

  it('names only schemas that it has', () => {
    const document = openApiDocument([write, ...healthOperations], '1');
    const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    const { schemas } = document['components'] as { schemas: object };
    expect(new Set(names.map(([, name]) => name))).toEqual(new Set(Object.keys(schemas)));
  });
});
