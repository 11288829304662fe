import { Fault } from '@spillway/contracts/fault';
import { z } from 'zod';
import { type ProblemCode, problem, problemSchema } from './problem.js';
import type { Route } from './routes.js';

/** Content type to the schema of what it carries. */
export type Content = Readonly<Record<string, z.ZodType>>;

export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly content: Content;
}

/**
 * One call of the API, described by the schemas that the code itself reads requests with. The server does not start
 * when a route has no operation, or an operation no route.
 */
export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** With parameters in braces: `/v1/messages/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: Content;
  /** Answer of a call that went well. */
  readonly answer: Answer;
  /** Another answer of a call that went well. */
  readonly also?: Answer;
  /** What it refuses beyond what every call does. */
  readonly problems?: readonly ProblemCode[];
}

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of these operations. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const method = operation.method.toLowerCase();
    paths[operation.path] = { ...paths[operation.path], [method]: describe(operation) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Spillway',
      version,
      description:
        'Answers customer messages with small models and asks a big one where it matters. ' +
        'Money is in integer nano-dollars (1e-9 US dollars); null means unknown. Errors are RFC 9457 problem details.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, {}],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describe(operation: Operation): Json {
  const { id, summary, description, body, answer, also } = operation;
  return {
    operationId: id,
    tags: [tagOf(operation.path)],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...pathParameters(operation.path),
      ...parametersOf('query', operation.query),
      ...parametersOf('header', operation.headers),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, 'input') } }),
    responses: {
      [answer.status]: answerOf(answer),
      ...(also === undefined ? {} : { [also.status]: answerOf(also) }),
      ...Object.fromEntries((operation.problems ?? []).map((code) => [statusOf(code), problemAnswer(code)])),
      default: { description: 'Any other failure', content: PROBLEM_CONTENT },
    },
  };
}

const answerOf = ({ description, content }: Answer): Json => ({
  description,
  content: contentOf(content, 'output'),
});

/** `/v1/messages/{id}` is one of the calls about messages; what is not under a version is for operators. */
const tagOf = (path: string): string => /^\/v1\/(\w+)/.exec(path)?.[1] ?? 'operations';

const PROBLEM_CONTENT = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};

const statusOf = (code: ProblemCode): number => problem(code, '', '').status;
const problemAnswer = (code: ProblemCode): Json => ({
  description: `code \`${code}\``,
  content: PROBLEM_CONTENT,
});

const pathParameters = (path: string): readonly Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function parametersOf(place: 'query' | 'header', schema: z.ZodObject | undefined): readonly Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

const contentOf = (content: Content, io: 'input' | 'output'): Json =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, { schema: schemaOf(schema, io) }]),
  );

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io });
  return described;
}

/** A call as its operation names it: `GET /v1/messages/{id}`. */
const callOf = (method: string, path: string): string => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;

/** Media types of the bodies that the operation of a route takes. */
export const bodiesOf = (
  operations: readonly Operation[],
  { method, path }: Pick<Route, 'method' | 'path'>,
): readonly string[] =>
  Object.keys(operations.find((one) => callOf(one.method, one.path) === callOf(method, path))?.body ?? {});

/** Throws `misconfigured` unless routes and operations are the same calls. */
export function requireSame(
  routes: readonly Pick<Route, 'method' | 'path'>[],
  operations: readonly Operation[],
): void {
  const served = new Set(routes.map(({ method, path }) => callOf(method, path)));
  const described = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  const problems = [
    ...[...served]
      .filter((call) => !described.has(call))
      .map((where) => ({ where, message: 'is served and not described' })),
    ...[...described]
      .filter((call) => !served.has(call))
      .map((where) => ({ where, message: 'is described and not served' })),
  ];
  if (problems.length > 0)
    throw new Fault('misconfigured', 'the API and its description differ', { problems });
}
