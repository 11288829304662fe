import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { checkQuery } from '@spillway/http/check';
import type { Reply } from '@spillway/http/request';
import { streamQuerySchema } from './gateway.operations.js';
import { StreamHub } from './stream-hub.js';

/** What leaves: server-sent events. */
@Controller('/v1/stream')
export class StreamController {
  constructor(@Inject(StreamHub) private readonly hub: StreamHub) {}

  @Get()
  async listen(@Query() query: object, @Res() reply: Reply): Promise<void> {
    const { types, conversation_id: conversationId } = checkQuery(streamQuerySchema, query);
    const topics = types === undefined ? undefined : new Set<string>(types);
    const stream = await this.hub.listen({ topics, conversationId });
    reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
    reply.send(stream);
  }
}
