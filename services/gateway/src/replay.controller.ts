import { Readable } from 'node:stream';
import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import type { Caller } from '@spillway/http/api-keys';
import { JSON_LINES } from '@spillway/http/bodies';
import { CallerOf } from '@spillway/http/caller';
import { checkBody } from '@spillway/http/check';
import type { Reply } from '@spillway/http/request';
import { replaySchema } from './replay-request.js';
import { Replays } from './replays.js';

/** What arrives: which dead letters are to be handled again. What leaves: what became of each, as it happens. */
@Controller('/v1/replays')
export class ReplayController {
  constructor(@Inject(Replays) private readonly replays: Replays) {}

  @Post()
  replay(@Body() body: unknown, @CallerOf() caller: Caller, @Res() reply: Reply): void {
    const request = checkBody(replaySchema, body);
    reply.status(200).header('content-type', JSON_LINES);
    // Whoever hangs up ends the replay.
    reply.send(Readable.from(this.replays.lines(request, caller.name)));
  }
}
