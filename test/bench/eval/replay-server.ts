import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Request {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
}

export interface ReplayServer {
  /** With `/v1`. */
  readonly baseUrl: string;
  close(): void;
}

/** The text between the first pair of fences: the message, as prompts hold it. */
const messageIn = (prompt: string): string => /^(`{3,})\n([\s\S]*?)\n\1$/m.exec(prompt)?.[2] ?? '';

/**
 * An endpoint that speaks OpenAI's chat completions and gives back what a model was recorded to answer: `answerTo` gets the
 * message and the instructions. It has no probabilities and no usage, as the recordings have none.
 */
export async function startReplay(
  answerTo: (message: string, instructions: string) => string,
): Promise<ReplayServer> {
  const server = createServer(async (request, response) => {
    const { model, messages } = JSON.parse(await text(request)) as Request;
    const [system, user] = [messages[0]?.content ?? '', messages.at(-1)?.content ?? ''];
    const message = { role: 'assistant', content: answerTo(messageIn(user).trim(), system), refusal: null };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'recorded',
        object: 'chat.completion',
        model,
        choices: [{ index: 0, finish_reason: 'stop', message, logprobs: null }],
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
