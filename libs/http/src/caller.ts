import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type Caller, LOCAL } from './api-keys.js';
import type { Request } from './request.js';

/** Hands a controller's method whoever makes the request. */
export const CallerOf = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller =>
    context.switchToHttp().getRequest<Request>().caller ?? LOCAL,
);
