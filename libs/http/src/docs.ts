import fastifySwagger, { type StaticDocumentSpec } from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** The page loads nothing from elsewhere and runs only the scripts that this server sends. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 40" height="40">' +
  '<path d="M4 12h14c8 0 8 16 16 16h6" fill="none" stroke="#4cc9f0" stroke-width="4" stroke-linecap="round"/>' +
  '<text x="48" y="28" font-family="sans-serif" font-size="22" font-weight="600" fill="#fff">Spillway</text></svg>';

/** Serves the API description at `/openapi.json`, and a page that shows it at `/docs`, without a network. */
export async function serveDocs(http: FastifyInstance, document: object): Promise<void> {
  const text = JSON.stringify(document);
  http.get('/openapi.json', (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(text),
  );
  http.get('/', (_request, reply) => reply.redirect('/docs'));
  // The plugin's types end at OpenAPI 3.0; it hands the document on as it is.
  const specification = { document } as StaticDocumentSpec;
  await http.register(fastifySwagger, { mode: 'static', specification });
  await http.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
    theme: { title: 'Spillway API' },
    uiConfig: { validatorUrl: null, deepLinking: false, docExpansion: 'list' },
  });
}
