import Library from 'openai';

/** What is sent of a request and how: `fetch` as the library calls it, but for headers in a plain object. */
export type Send = (
  url: string,
  request: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

type BuildRequest = Library['buildRequest'];
type FetchWithTimeout = Library['fetchWithTimeout'];

interface Known {
  readonly path: string;
  readonly url: string;
  readonly timeout: number;
  /** The same for every call. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The library's client, of whose requests only what differs is made anew. The library gathers the headers of each request
 * several times over, and sets a timer and a signal of its own beside those of the layers: a third of what a call cost.
 * It names itself by its class, to endpoints too.
 */
class OpenAI extends Library {
  readonly #send: Send;
  #known: Known | undefined;

  constructor(options: ConstructorParameters<typeof Library>[0], send: Send) {
    super(options);
    this.#send = send;
  }

  override async buildRequest(...[options, retries]: Parameters<BuildRequest>): ReturnType<BuildRequest> {
    const { path, body, headers, signal } = options;
    if (this.#known?.path !== path) {
      const { headers: _, ...sameForAll } = options;
      const { req, url, timeout } = await super.buildRequest(sameForAll, retries);
      this.#known = { path, url, timeout, headers: Object.fromEntries(req.headers) };
    }
    const { url, timeout, headers: known } = this.#known;
    const request = { method: 'POST', headers: { ...known, ...headers }, body: JSON.stringify(body), signal };
    return { req: request as unknown as Awaited<ReturnType<BuildRequest>>['req'], url, timeout };
  }

  override fetchWithTimeout(...[url, request]: Parameters<FetchWithTimeout>): ReturnType<FetchWithTimeout> {
    return this.#send(url as string, request as unknown as Parameters<Send>[1]);
  }
}

export interface Endpoint {
  /** Up to and including `/v1`. */
  readonly baseUrl: string;
  /** Left out: no Authorization header is sent. */
  readonly apiKey?: string;
}

/** The OpenAI library for one endpoint. It tries once, waits for as long as the signal lets it, and reads no environment. */
export const chatClient = ({ baseUrl, apiKey }: Endpoint, send: Send): Library =>
  new OpenAI(
    {
      baseURL: baseUrl,
      apiKey: apiKey ?? 'none',
      // Whatever is left out here the library would read from the environment.
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      ...(apiKey === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    },
    send,
  );
